using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Services;

/// <summary>
/// What was answered lately, by the bytes of the request and who sent it. A device says the same of itself again and again, and gets the same signed decisions for up to a minute. Of bounded size: each request has
/// a few places, and a newcomer pushes an older one out. Safe for all threads: an entry is read and written in one piece, and knows its own request. A reader may see the hash of one with the entry of another,
/// and finds nothing.
/// </summary>
internal sealed class AnswerMemory
{
    /// <summary>
    /// Each request may stand in one of sixteen places. Where more than these fall on one group each pushes out the next that is asked for, and none is ever found: of 2,000 requests, and groups of four, one in fifty.
    /// </summary>
    private const int Groups = 1 << 9, GroupSize = 1 << 4;

    /// <summary>
    /// Tens of attributes of a few words; what is larger is no device that asks often. With what belongs to them, a caller that fills all places takes some 80 MB, and twice as much while a change is made ready.
    /// </summary>
    private const int LongestRequest = 2 << 10, LongestAnswer = 6 << 10;

    private Places _places = new();

    /// <summary>What was answered to this request, if all that it came from is still so. Whether the caller may still ask is not looked at here.</summary>
    public Entry? Find(ReadOnlySpan<byte> request, Caller caller, RevisionStatus status, DeviceRegistry devices, DateTimeOffset now) =>
        Volatile.Read(ref _places).Find(request, caller) is { Answered: var known } entry && IsSo(known, status, devices) && now >= known.MadeAt && now < known.Until ? entry : null;

    /// <summary>What was answered from what is served, the latest first.</summary>
    public IEnumerable<Entry> Latest(RevisionStatus status) => Volatile.Read(ref _places).Entries
        .Where(entry => ReferenceEquals(entry.Answered.Status.Active, status.Active)).OrderByDescending(entry => entry.Answered.MadeAt);

    /// <summary>Remembers an answer, where it can be given again.</summary>
    public void Keep(byte[] request, Answered answered, AnswerBytes bytes)
    {
        if (!IsKept(request, answered, bytes))
            return;
        Places places = Volatile.Read(ref _places);
        while (places.Latest is { } latest && (!ReferenceEquals(latest.Status.Active, answered.Status.Active) || !ReferenceEquals(latest.Registry, answered.Registry)))
        {
            // An answer that was under way while the policies changed comes to nothing; it must not take what was made ready for them along.
            if (answered.Status.AnswersSince < latest.Status.AnswersSince)
                return;
            // What came from other policies or another registry is never given again, and must not keep those in memory. What was made ready may come just now, and stays.
            Places fresh = new(), found = Interlocked.CompareExchange(ref _places, fresh, places);
            places = ReferenceEquals(found, places) ? fresh : found;
        }
        places.Put(new Entry(request, answered, bytes));
    }

    /// <summary>Makes places for answers that come from policies which do not answer yet.</summary>
    /// <returns>What puts them in the place of all others, in one piece: else those who ask just then would find some of them missing.</returns>
    public Action Prepare(IReadOnlyCollection<Entry> ready)
    {
        var places = new Places();
        foreach (Entry entry in ready.Where(entry => IsKept(entry.Request, entry.Answered, entry.Bytes)))
            places.Put(entry);
        return () => Volatile.Write(ref _places, places);
    }

    /// <summary>While a candidate is tried every decision is compared, and none is given from memory.</summary>
    private static bool IsKept(byte[] request, Answered answered, AnswerBytes bytes) =>
        answered.Until > answered.MadeAt && answered.Status.Candidate is null && request.Length <= LongestRequest && bytes.Length <= LongestAnswer;

    private static bool IsSo(Answered known, RevisionStatus status, DeviceRegistry devices) =>
        status.Candidate is null && ReferenceEquals(known.Status.Active, status.Active) && known.Status.AnswersSince == status.AnswersSince
        // The registry changes in place: what tells is the record of the device, which never does.
        && ReferenceEquals(known.Registry, devices) && Equals(known.Known, devices.Find(known.Device));

    /// <summary>Seeded by chance at each start, so that nobody can aim at a place.</summary>
    private static int HashOf(ReadOnlySpan<byte> request)
    {
        var hash = new HashCode();
        hash.AddBytes(request);
        return hash.ToHashCode();
    }

    /// <summary>The first place of a request's group.</summary>
    private static int GroupOf(int hash) => (hash & (Groups - 1)) * GroupSize;

    /// <summary>The places, and what is in them.</summary>
    private sealed class Places
    {
        /// <summary>Apart from the entries: those of a group lie in one or two lines of the cache, and to follow an entry to the request that it is not for costs three waits for memory.</summary>
        private readonly int[] _hashes = new int[Groups * GroupSize];

        private readonly Entry?[] _entries = new Entry?[Groups * GroupSize];
        private volatile Answered? _latest;

        /// <summary>What the last of them came from; null where there is none.</summary>
        public Answered? Latest => _latest;

        public IEnumerable<Entry> Entries => _entries.OfType<Entry>();

        public Entry? Find(ReadOnlySpan<byte> request, Caller caller)
        {
            int hash = HashOf(request), end = GroupOf(hash) + GroupSize;
            for (int place = GroupOf(hash); Array.IndexOf(_hashes, hash, place, end - place) is var found and >= 0; place = found + 1)
            {
                if (_entries[found] is { } entry && entry.Request.AsSpan().SequenceEqual(request) && entry.Answered.Caller.Equals(caller))
                    return entry;
            }
            return null;
        }

        public void Put(Entry entry)
        {
            _latest = entry.Answered;
            int hash = HashOf(entry.Request), first = GroupOf(hash), oldest = first;
            for (int place = first; place < first + GroupSize; place++)
            {
                if (_entries[place] is not { } other || other.Request.AsSpan().SequenceEqual(entry.Request) && other.Answered.Caller.Equals(entry.Answered.Caller))
                {
                    oldest = place;
                    break;
                }
                oldest = other.Answered.MadeAt < _entries[oldest]?.Answered.MadeAt ? place : oldest;
            }
            _entries[oldest] = entry;
            _hashes[oldest] = hash;
        }
    }

    /// <summary>An answer to a request.</summary>
    internal sealed record Entry(byte[] Request, Answered Answered, AnswerBytes Bytes);
}
