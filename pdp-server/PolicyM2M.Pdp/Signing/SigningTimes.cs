namespace PolicyM2M.Pdp.Signing;

/// <summary>How long keys sign and what they signed holds.</summary>
internal static class SigningTimes
{
    /// <summary>A key signs for so long, then the next one does.</summary>
    public static readonly TimeSpan KeySigns = TimeSpan.FromDays(30);

    /// <summary>
    /// So much earlier than it begins to sign a key is valid from: answers are made ready for a moment that is to come, two requests may cross, and a clock may be set back a little, and what is then signed for a moment
    /// of before must not be refused for the key's sake.
    /// </summary>
    public static readonly TimeSpan KeyLead = TimeSpan.FromMinutes(5);

    /// <summary>From its first day on a key verifies for so long. No decision outlives its key, so that of the longest windows that policies give at least 90 days are left.</summary>
    public static readonly TimeSpan KeyVerifies = TimeSpan.FromDays(120);

    /// <summary>
    /// For so long a statement need not be asked for anew by who is answered. It is made anew after half of it, so that one just fetched is good for half an hour at least, and at once when what it says changes.
    /// </summary>
    public static readonly TimeSpan StatementIsFresh = TimeSpan.FromHours(1);

    /// <summary>
    /// Of that time, the share after which a watcher is told the next statement, and the share over which watchers are spread. A statement is made anew from the first on, and a device asks for one by itself
    /// when seven tenths are over: what is told comes before that.
    /// </summary>
    private const double ToldAfter = 1.0 / 2, ToldSpread = 1.0 / 6;

    /// <summary>The longest time that a statement may hold for a device which nobody answers: what is left of a key when the next one takes its place.</summary>
    public static readonly TimeSpan LongestStatementValidity = KeyVerifies - KeySigns;

    /// <summary>The longest validity that the statement of a bundle may be given: what is left of a key when the next one takes its place.</summary>
    public static readonly TimeSpan LongestBundleValidity = KeyVerifies - KeySigns;

    /// <summary>A signed decision is handed out again for at most so long. The windows count from its making, so that who gets it late has that much less of them.</summary>
    public static readonly TimeSpan LongestReuse = TimeSpan.FromMinutes(1);

    /// <summary>Of a short window no more than this share is lost by handing a decision out again.</summary>
    private const int ReuseShare = 10;

    /// <summary>When a watcher that has a statement of this moment is told the next: another moment for each, so that a fleet that was told together is not told together again.</summary>
    public static DateTimeOffset NextTold(DateTimeOffset issuedAt) => issuedAt + StatementIsFresh * (ToldAfter + Random.Shared.NextDouble() * ToldSpread);

    /// <summary>
    /// How long a decision with this window is handed out again: by chance between the most and half of it, as what was first asked for at one time, after a start, would otherwise be signed anew at one time, and
    /// everybody wait for it. A denial has no windows, and is one whenever it was made.
    /// </summary>
    public static TimeSpan Reuse(TimeSpan freshFor, bool isDenied) =>
        (!isDenied && freshFor / ReuseShare < LongestReuse ? freshFor / ReuseShare : LongestReuse) * (1 - Random.Shared.NextDouble() / 2);
}
