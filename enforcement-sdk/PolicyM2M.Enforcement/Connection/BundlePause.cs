namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// How long to wait before a bundle is asked for again that could not be had: it is large, and mostly the same. Mutable; not safe for several threads.
/// </summary>
/// <param name="longest">The longest between attempts that nobody answered.</param>
internal sealed class BundlePause(TimeSpan longest)
{
    /// <summary>After what came was refused, or the answer was no. That there are too many who ask is one: whoever came again at once would keep it so.</summary>
    public static readonly TimeSpan AfterRefusal = TimeSpan.FromMinutes(10);

    private Backoff _backoff = new(longest);

    /// <summary>A bundle is held: the next failure is a first one.</summary>
    public void Held() => _backoff = new Backoff(longest);

    /// <summary>The pause, up to half as long again, so that a fleet does not return as one.</summary>
    /// <param name="isAway">Whether nobody answered; otherwise what came was refused, or the answer was no.</param>
    public TimeSpan After(bool isAway) => (isAway ? _backoff.After(TimeSpan.Zero) : AfterRefusal) * (1 + Random.Shared.NextDouble() / 2);
}
