using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Caching;

/// <summary>
/// What the device knows, in memory and on disk. The content is replaced whole, under one lock; safe for all threads.
/// </summary>
internal sealed class DecisionCache
{
    /// <summary>How much running time may be forgotten in a power cut: the latest time seen is written at least this often while decisions are asked for.</summary>
    private static readonly TimeSpan LongestUnsaved = TimeSpan.FromMinutes(1);

    private readonly CacheFile _file;
    private readonly DeviceClock _clock;
    private readonly Action<ClientEvent> _tell;
    private readonly Lock _lock = new();
    private volatile CacheContent _content;
    private long _latestNo, _outdated;

    private DecisionCache(CacheFile file, CacheContent? loaded, TimeProvider time, Action<ClientEvent> tell)
    {
        _file = file;
        _tell = tell;
        _clock = new DeviceClock(time, loaded?.LatestSeen);
        _content = FromBefore(loaded ?? CacheContent.Empty, _clock);
    }

    /// <summary>The time by which windows end.</summary>
    public DateTimeOffset Now => _clock.Now;

    /// <summary>The policies that the decision point last told it serves; null while it has told none.</summary>
    public RevisionId? Served => _content.Served;

    /// <summary>Loads what was kept, and tells where that could not be believed.</summary>
    /// <exception cref="IOException">The folder or the key cannot be read or made.</exception>
    public static DecisionCache Open(PolicyClientOptions options, string device, Action<ClientEvent> tell)
    {
        CacheFile file = CacheFile.Of(options.CachePath, options.CacheKeyPath ?? options.KeyPath + ".cache-key", device);
        var cache = new DecisionCache(file, file.Load(out string? discarded), options.Time, tell);
        if (discarded is not null)
            tell(new ClientEvent.CacheDiscarded(discarded));
        if (cache._clock.SetBackBy > TimeSpan.Zero)
            tell(new ClientEvent.ClockSetBack(cache._clock.SetBackBy));
        return cache;
    }

    /// <summary>What the policies need of a context; all of it while nobody has told.</summary>
    public DeviceContext Needed(DeviceContext context) => _content.NeededAttributes is { } needed ? context.Where(needed.Contains) : context;

    /// <summary>What is kept for a question, usable or not, and whether it is fresh; null where nothing is.</summary>
    public (KeptDecision Kept, bool IsFresh)? Find(DecisionKind kind, DeviceContext context)
    {
        DateTimeOffset now = _clock.Now;
        lock (_lock)
        {
            if (now - _content.LatestSeen >= LongestUnsaved)
                Save(_content);
        }
        CacheContent content = _content;
        return content.Find(kind, context) is { } kept ? (kept, kept.IsFresh(now) && !content.IsSuperseded(kept.Decision.Revision)) : null;
    }

    /// <summary>Takes note of what is served; tells whether these are other policies than before.</summary>
    public bool Serve(RevisionId revision, ImmutableSortedSet<string> needed)
    {
        lock (_lock)
        {
            bool isChanged = _content.IsSuperseded(revision);
            CacheContent next = _content with { Served = revision, NeededAttributes = needed };
            if (revision != _content.Served)
                Save(next);
            else
                _content = next;
            return isChanged;
        }
    }

    /// <summary>Keeps the answers to questions, instead of all that was kept for them.</summary>
    /// <param name="decisions">The answers, of one revision.</param>
    /// <param name="context">The context of the questions.</param>
    /// <param name="needed">What that revision needs to know.</param>
    /// <param name="order">When they were asked, among all calls of this client.</param>
    /// <param name="servedWhenAsked">What <see cref="Served"/> was then.</param>
    public void Keep(IReadOnlyList<KeptDecision> decisions, DeviceContext context, ImmutableSortedSet<string> needed, long order, RevisionId? servedWhenAsked)
    {
        lock (_lock)
        {
            // Where the watch has told of others while the answer was on its way, the answer has nothing to tell about what is served.
            CacheContent next = _content.Served == servedWhenAsked && decisions.Count > 0
                ? _content with { Served = decisions[0].Decision.Revision, NeededAttributes = needed }
                : _content;
            foreach (KeptDecision kept in decisions)
            {
                ReceivedDecision decision = kept.Decision;
                next = next.Without(decision.Kind, context);
                // A permission that was asked for before a no, and came after it, must not outlive it.
                if (decision.UsableUntil > decision.IssuedAt && order > _latestNo)
                    next = next.With(kept with { IsOutdated = order < _outdated });
            }
            if (decisions.Any(kept => kept.Decision.Outcome.IsDenied))
                _latestNo = Math.Max(_latestNo, order);
            Save(next);
        }
    }

    /// <summary>Nothing that was asked for before is fresh: the registry says something else of the device.</summary>
    /// <param name="order">When that was heard, among all calls of this client.</param>
    public void Outdate(long order)
    {
        lock (_lock)
        {
            _outdated = order;
            _content = _content with { Decisions = [.. _content.Decisions.Select(kept => kept with { IsOutdated = true })] };
        }
    }

    /// <summary>Forgets every decision: the decision point does not speak to this device any more.</summary>
    /// <param name="order">When it was asked what it refused, among all calls of this client.</param>
    public void Forget(long order)
    {
        lock (_lock)
        {
            _latestNo = Math.Max(_latestNo, order);
            if (!_content.Decisions.IsEmpty)
                Save(_content with { Decisions = [] });
        }
    }

    /// <summary>Writes what is known.</summary>
    public void Save()
    {
        lock (_lock)
            Save(_content);
    }

    /// <summary>Keeps the content in memory, and on disk where that can be done.</summary>
    private void Save(CacheContent content)
    {
        _content = content with { LatestSeen = _clock.Now };
        try
        {
            _file.Save(_content);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _tell(new ClientEvent.CacheNotWritten(failure.Message));
        }
    }

    /// <summary>Where the clock stands before a moment already seen, nothing kept is fresh.</summary>
    private static CacheContent FromBefore(CacheContent content, DeviceClock clock) => clock.SetBackBy == TimeSpan.Zero
        ? content
        : content with { Decisions = [.. content.Decisions.Select(kept => kept with { IsFromLaterClock = true })] };
}
