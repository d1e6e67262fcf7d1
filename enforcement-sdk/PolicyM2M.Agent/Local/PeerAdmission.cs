namespace PolicyM2M.Agent.Local;

/// <summary>
/// Lets peers connect: nobody to whom no rule says anything, and of one user only so many, so that no user shuts the socket for the others, nor for itself by connections that ask nothing: one of those
/// makes way. What it holds is under one lock; safe for all threads.
/// </summary>
/// <param name="rules">Who may ask about what.</param>
/// <param name="limits">How many may be in.</param>
/// <param name="told">Told, in words, when connections of a user begin to be refused; of one who holds too many again only after it has let go of half of its share, of one whom no rule names once.</param>
internal sealed class PeerAdmission(CallerRules rules, ConnectionLimits limits, Action<string> told)
{
    /// <summary>Whoever may be many users (user_namespaces(7)) must not fill the log.</summary>
    private const int MostTold = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, List<Silence>> _held = [];
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
    /// <param name="peer">Who it is.</param>
    /// <param name="silence">Whether the connection has asked anything.</param>
    /// <returns>Null where it is in; else why it is not.</returns>
    public Refusal? Enter(Peer peer, Silence silence)
    {
        bool isNamed = rules.MaySeeStatus(peer), isNews = false;
        Silence? madeWay = null;
        Refusal? refusal = null;
        lock (_lock)
        {
            List<Silence> mine = _held.GetValueOrDefault(peer.User) ?? [];
            if (isNamed && !HasRoom(mine.Count) && (madeWay = mine.Find(one => one.TryMakeWay())) is not null)
                Remove(peer.User, madeWay);
            if (isNamed && (madeWay is not null || HasRoom(mine.Count)))
            {
                mine.Add(silence);
                _held[peer.User] = mine;
                _use = _use with { Open = _use.Open + 1 };
            }
            else
            {
                _use = _use with { Refused = _use.Refused + 1 };
                refusal = isNamed
                    ? new Refusal(RefusalCode.TooMany, $"too many connections: user {peer.User} holds {mine.Count} of them, and {limits.Most - _use.Open} are left for all users")
                    : new Refusal(RefusalCode.NotNamed, $"user {peer.User} may not ask this agent; its configuration says who may (callers)");
                isNews = _known.Count < MostTold && _known.Add(peer.User);
            }
        }
        // Whatever ends a connection may wait for others, who may wait for the lock.
        madeWay?.End();
        if (isNews)
            told(refusal!.Reason);
        return refusal;
    }

    /// <summary>A connection that was taken in has ended.</summary>
    public void Leave(Peer peer, Silence silence)
    {
        lock (_lock)
            Remove(peer.User, silence);
    }

    /// <summary>A connection is ended because it asked nothing.</summary>
    public void CountSilent()
    {
        lock (_lock)
            _use = _use with { Silent = _use.Silent + 1 };
    }

    private bool HasRoom(int held) => held < limits.MostPerUser && held < limits.Most - _use.Open;

    /// <summary>Gives a place back; one that made way gave it back then.</summary>
    private bool Remove(uint user, Silence silence)
    {
        if (_held.GetValueOrDefault(user) is not { } held || !held.Remove(silence))
            return false;
        _use = _use with { Open = _use.Open - 1 };
        if (held.Count == 0)
            _held.Remove(user);
        if (held.Count <= limits.MostPerUser / 2)
            _known.Remove(user);
        return true;
    }
}
