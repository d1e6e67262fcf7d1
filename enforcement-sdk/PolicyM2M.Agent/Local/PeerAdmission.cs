namespace PolicyM2M.Agent.Local;

/// <summary>
/// Lets peers connect: nobody to whom no rule says anything, and of one user only so many, so that no user shuts the socket for the others. Its counts are under one lock; safe for all threads.
/// </summary>
/// <param name="rules">Who may ask about what.</param>
/// <param name="limits">How many may be in.</param>
/// <param name="told">Told, in words, when connections of a user begin to be refused because it holds too many; and of that user again only after it has let go of half of its share.</param>
internal sealed class PeerAdmission(CallerRules rules, ConnectionLimits limits, Action<string> told)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, int> _held = [];
    private readonly HashSet<uint> _known = [];
    private SocketUse _use;

    /// <summary>How the socket is used now.</summary>
    public SocketUse Use
    {
        get
        {
            lock (_lock)
                return _use;
        }
    }

    /// <summary>Takes the peer's connection in.</summary>
    /// <returns>Null where it is in; else why it is not.</returns>
    public Refusal? Enter(Peer peer)
    {
        bool isNamed = rules.MaySeeStatus(peer), isNews;
        Refusal refusal;
        lock (_lock)
        {
            int held = _held.GetValueOrDefault(peer.User);
            if (isNamed && held < limits.MostPerUser && held < limits.Most - _use.Open)
            {
                _held[peer.User] = held + 1;
                _use = _use with { Open = _use.Open + 1 };
                return null;
            }
            _use = _use with { Refused = _use.Refused + 1 };
            refusal = isNamed
                ? new Refusal(RefusalCode.TooMany, $"too many connections: user {peer.User} holds {held} of them, and {limits.Most - _use.Open} are left for all users")
                : new Refusal(RefusalCode.NotNamed, $"user {peer.User} may not ask this agent; its configuration says who may (callers)");
            isNews = isNamed && _known.Add(peer.User);
        }
        if (isNews)
            told(refusal.Reason);
        return refusal;
    }

    /// <summary>A connection that was taken in has ended.</summary>
    public void Leave(Peer peer)
    {
        lock (_lock)
        {
            _use = _use with { Open = _use.Open - 1 };
            int left = --_held[peer.User];
            if (left == 0)
                _held.Remove(peer.User);
            if (left <= limits.MostPerUser / 2)
                _known.Remove(peer.User);
        }
    }

    /// <summary>A connection is ended because it asked nothing.</summary>
    public void CountSilent()
    {
        lock (_lock)
            _use = _use with { Silent = _use.Silent + 1 };
    }
}
