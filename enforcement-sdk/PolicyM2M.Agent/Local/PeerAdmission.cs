namespace PolicyM2M.Agent.Local;

/// <summary>
/// Lets peers connect: nobody to whom no rule says anything, and of one user only so many, so that no user shuts the socket for the others. Its counts are under one lock; safe for all threads.
/// </summary>
/// <param name="rules">Who may ask about what.</param>
/// <param name="mostPerUser">How many connections one user may hold.</param>
internal sealed class PeerAdmission(CallerRules rules, int mostPerUser)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, int> _held = [];

    /// <summary>Takes the peer's connection in, unless it is one too many or of nobody.</summary>
    public bool TryEnter(Peer peer)
    {
        if (!rules.MaySeeStatus(peer))
            return false;
        lock (_lock)
        {
            int held = _held.GetValueOrDefault(peer.User);
            if (held >= mostPerUser)
                return false;
            _held[peer.User] = held + 1;
            return true;
        }
    }

    /// <summary>A connection that was taken in has ended.</summary>
    public void Leave(Peer peer)
    {
        lock (_lock)
        {
            if (--_held[peer.User] == 0)
                _held.Remove(peer.User);
        }
    }
}
