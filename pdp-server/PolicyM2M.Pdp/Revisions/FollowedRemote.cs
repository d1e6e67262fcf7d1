using System.Diagnostics;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Store.Remotes;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>
/// A remote that is fetched every so often, less often while it cannot be reached. Its state, when to fetch next and what went wrong last, is touched by the start of
/// the server and after that by <see cref="RevisionFollower"/> alone.
/// </summary>
internal sealed class FollowedRemote
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    private readonly RemoteRepository _remote;
    private readonly TimeSpan _every;
    private readonly TimeProvider _clock;
    private long _attemptedAt;
    private int _failures;
    private long _good, _failed;
    private bool _isSuspect;
    private PolicyStoreException? _fault;

    private FollowedRemote(RemoteRepository remote, TimeSpan every, TimeProvider clock)
    {
        _remote = remote;
        _every = every;
        _clock = clock;
    }

    /// <summary>The folder of the clone.</summary>
    public string Clone => _remote.Clone;

    /// <summary>What names the commit in the clone.</summary>
    public string Reference => _remote.Reference;

    /// <summary>The URL as people may see it.</summary>
    public string Location => _remote.Location;

    /// <summary>How many fetches went well and how many failed. Anybody may ask.</summary>
    public (long Good, long Failed) Fetches => (Interlocked.Read(ref _good), Interlocked.Read(ref _failed));

    /// <summary>
    /// The remote that the options name, fetched once; null where they name a folder. A remote that cannot be reached does not keep the server from
    /// starting where it was fetched before.
    /// </summary>
    /// <exception cref="PolicyStoreException">The URL cannot be followed, or the remote was never fetched and cannot be now.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static FollowedRemote? Find(PdpOptions options, DataFolder data, TimeProvider clock, CancellationToken cancellation = default)
    {
        if (!RemoteRepository.IsUrl(options.Git))
            return null;
        var followed = new FollowedRemote(RemoteRepository.Of(options.Git, data.Clones, options.Ref, options.Access), options.Fetch, clock);
        try
        {
            followed.Fetch(cancellation);
        }
        catch (PolicyStoreException) when (Directory.Exists(followed.Clone))
        {
            // The follower tells it with its first look.
        }
        return followed;
    }

    /// <summary>Something could not be read of the clone, and the remote is there: it is looked at before the next fetch.</summary>
    public void Suspect() => _isSuspect = _fault is null;

    /// <summary>Fetches, where it is time or somebody knows of news; between two attempts the last one's fault is still one.</summary>
    /// <param name="isNews">Whether somebody said that there is something new.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Whether the clone was damaged and made anew.</returns>
    /// <exception cref="PolicyStoreException">The remote cannot be fetched.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public bool Refresh(bool isNews, CancellationToken cancellation)
    {
        if (isNews || _clock.GetElapsedTime(_attemptedAt) >= Pause)
            return Fetch(cancellation);
        return _fault is null ? false : throw _fault;
    }

    /// <summary>Doubles with every failure.</summary>
    private TimeSpan Pause
    {
        get
        {
            const int MostDoublings = 10;
            TimeSpan longest = _every > LongestBackoff ? _every : LongestBackoff;
            TimeSpan pause = _every * Math.Pow(2, Math.Min(_failures, MostDoublings));
            return pause < longest ? pause : longest;
        }
    }

    private bool Fetch(CancellationToken cancellation)
    {
        using Activity? span = PdpTraces.Source.StartActivity("fetch");
        try
        {
            bool isNew = _remote.Fetch(_isSuspect, cancellation);
            Interlocked.Increment(ref _good);
            (_failures, _isSuspect, _fault) = (0, false, null);
            return isNew;
        }
        catch (PolicyStoreException fault)
        {
            _failures++;
            Interlocked.Increment(ref _failed);
            span?.SetStatus(ActivityStatusCode.Error);
            // Messages count milliseconds and ports; while they differ in nothing else, it is the same fault, and told once.
            if (_fault is null || WithoutNumbers(_fault.Message) != WithoutNumbers(fault.Message))
                _fault = fault;
            throw _fault;
        }
        finally
        {
            _attemptedAt = _clock.GetTimestamp();
        }
    }

    private static string WithoutNumbers(string text) => string.Concat(text.Where(c => !char.IsAsciiDigit(c)));
}
