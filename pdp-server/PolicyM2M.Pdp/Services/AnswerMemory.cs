using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Services;

/// <summary>
/// What was answered lately, by the bytes of the request and who sent it. A device says the same of itself again and again, and gets the same signed decisions for up to a minute. Of bounded size: each request has
/// a few places, and a newcomer pushes an older one out. Safe for all threads: a place is read and written in one piece.
/// </summary>
internal sealed class AnswerMemory
{
    /// <summary>Each request may stand in one of four places, so that a full memory seldom pushes out what is still asked for.</summary>
    private const int Groups = 1 << 11, GroupSize = 4;

    /// <summary>Tens of attributes of a few words; what is larger is no device that asks often.</summary>
    private const int LongestRequest = 4 << 10, LongestAnswer = 16 << 10;

    private readonly Entry?[] _entries = new Entry?[Groups * GroupSize];
    private volatile Answered? _latest;

    /// <summary>What was answered to this request, if all that it came from is still so. Whether the caller may still ask is not looked at here.</summary>
    public Entry? Find(ReadOnlySpan<byte> request, Caller caller, RevisionStatus status, DeviceRegistry devices, DateTimeOffset now)
    {
        foreach (Entry? entry in GroupOf(request))
        {
            if (entry is { Answered: var known } && entry.Request.AsSpan().SequenceEqual(request) && known.Caller.Equals(caller))
                return IsSo(known, status, devices) && now >= known.MadeAt && now < known.Until ? entry : null;
        }
        return null;
    }

    /// <summary>What was answered from what is served, the latest first.</summary>
    public IEnumerable<Entry> Latest(RevisionStatus status) =>
        _entries.OfType<Entry>().Where(entry => ReferenceEquals(entry.Answered.Status.Active, status.Active)).OrderByDescending(entry => entry.Answered.MadeAt);

    /// <summary>Remembers an answer, where it can be given again.</summary>
    public void Keep(byte[] request, Answered answered, AnswerBytes bytes)
    {
        // While a candidate is tried every decision is compared, and none is given from memory.
        if (!(answered.Until > answered.MadeAt) || answered.Status.Candidate is not null || request.Length > LongestRequest || bytes.Length > LongestAnswer)
            return;
        if (_latest is { } latest && !ReferenceEquals(latest.Status.Active, answered.Status.Active))
        {
            // An answer that was under way while the policies changed comes to nothing; it must not take what was made ready for them along.
            if (answered.Status.AnswersSince < latest.Status.AnswersSince)
                return;
            // What came from other policies is never given again, and must not keep those in memory.
            Array.Clear(_entries);
        }
        _latest = answered;
        Span<Entry?> group = GroupOf(request);
        int oldest = 0;
        for (int i = 0; i < group.Length; i++)
        {
            if (group[i] is not { } entry || entry.Request.AsSpan().SequenceEqual(request) && entry.Answered.Caller.Equals(answered.Caller))
            {
                oldest = i;
                break;
            }
            oldest = entry.Answered.MadeAt < group[oldest]?.Answered.MadeAt ? i : oldest;
        }
        group[oldest] = new Entry(request, answered, bytes);
    }

    private static bool IsSo(Answered known, RevisionStatus status, DeviceRegistry devices) =>
        status.Candidate is null && ReferenceEquals(known.Status.Active, status.Active) && known.Status.AnswersSince == status.AnswersSince
        // The registry changes in place: what tells is the record of the device, which never does.
        && ReferenceEquals(known.Registry, devices) && Equals(known.Known, devices.Find(known.Device));

    private Span<Entry?> GroupOf(ReadOnlySpan<byte> request)
    {
        // Seeded by chance at each start, so that nobody can aim at a place.
        var hash = new HashCode();
        hash.AddBytes(request);
        return _entries.AsSpan((hash.ToHashCode() & (Groups - 1)) * GroupSize, GroupSize);
    }

    /// <summary>An answer to a request.</summary>
    internal sealed record Entry(byte[] Request, Answered Answered, AnswerBytes Bytes);
}
