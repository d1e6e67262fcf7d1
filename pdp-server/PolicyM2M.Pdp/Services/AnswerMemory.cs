using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Services;

/// <summary>
/// What was answered lately, by the bytes of the request and who sent it. A device says the same of itself again and again, and gets the same signed decisions for up to a minute. Of bounded size: each request has
/// one place, and a newcomer pushes out what is there. Safe for all threads: a place is read and written in one piece.
/// </summary>
internal sealed class AnswerMemory
{
    private const int Places = 1 << 13;

    /// <summary>Tens of attributes of a few words; what is larger is no device that asks often.</summary>
    private const int LongestRequest = 4 << 10, LongestAnswer = 16 << 10;

    private readonly Entry?[] _entries = new Entry?[Places];

    /// <summary>What was answered to this request, if all that it came from is still so.</summary>
    public Entry? Find(byte[] request, Caller caller, RevisionStatus status, DeviceRegistry devices, DateTimeOffset now) =>
        _entries[PlaceOf(request)] is { Answered: var known } entry
        && ReferenceEquals(known.Status, status) && ReferenceEquals(known.Devices, devices) && now >= known.MadeAt && now < known.Until
        && known.Caller.Equals(caller) && entry.Request.AsSpan().SequenceEqual(request)
            ? entry
            : null;

    /// <summary>Remembers an answer, where it can be given again.</summary>
    public void Keep(byte[] request, Answered answered, AnswerBytes bytes)
    {
        // While a candidate is tried every decision is compared, and none is given from memory.
        if (answered.Until > answered.MadeAt && answered.Status.Candidate is null && request.Length <= LongestRequest && bytes.Length <= LongestAnswer)
            _entries[PlaceOf(request)] = new Entry(request, answered, bytes);
    }

    private static int PlaceOf(byte[] request)
    {
        // Seeded by chance at each start, so that nobody can aim at a place.
        var hash = new HashCode();
        hash.AddBytes(request);
        return hash.ToHashCode() & (Places - 1);
    }

    /// <summary>An answer to a request.</summary>
    internal sealed record Entry(byte[] Request, Answered Answered, AnswerBytes Bytes)
    {
        /// <summary>The answer as a call returns it.</summary>
        public Task<AnswerBytes> Sent { get; } = Task.FromResult(Bytes);
    }
}
