namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// How long to wait before the next attempt: each pause twice the last, up to the longest. Only a link that held for longer than that begins anew,
/// so that a peer which answers and hangs up at once is not stormed. Not safe for several threads.
/// </summary>
internal sealed class Backoff(TimeSpan longest)
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    private TimeSpan _next = First;

    /// <param name="held">How long the link held before it broke.</param>
    public TimeSpan After(TimeSpan held)
    {
        TimeSpan pause = held > longest ? First : _next;
        if (pause > longest)
            pause = longest;
        _next = pause * 2;
        return pause;
    }
}
