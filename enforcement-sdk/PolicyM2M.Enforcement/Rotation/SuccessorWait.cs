namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// How long a successor has still to wait for its validity to begin, by what elapses. A clock that jumps ahead must not shorten it: no peer would take the successor, and the one in use works.
/// Immutable; begins when this process first sees the successor wait.
/// </summary>
/// <param name="Fingerprint">The successor.</param>
/// <param name="Since">When it was first seen, as the clock counts what elapses.</param>
/// <param name="Length">How long it had to wait then, by the time of then.</param>
internal sealed record SuccessorWait(string Fingerprint, long Since, TimeSpan Length)
{
    /// <summary>When the device goes over to the successor, as far as is known now: not before its validity begins, and, while the one in use can be used, not before the wait is over.</summary>
    /// <param name="next">The successor.</param>
    /// <param name="limit">When the one in use can be used no longer.</param>
    /// <param name="now">The time.</param>
    /// <param name="elapsed">What has elapsed since the wait began.</param>
    public DateTimeOffset Until(Credential next, DateTimeOffset limit, DateTimeOffset now, TimeSpan elapsed)
    {
        DateTimeOffset waited = now + (Length - elapsed), latest = waited < limit ? waited : limit;
        return next.Times.NotBefore > latest ? next.Times.NotBefore : latest;
    }
}
