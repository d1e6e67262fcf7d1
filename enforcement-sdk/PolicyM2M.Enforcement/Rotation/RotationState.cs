using System.Collections.Immutable;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// Where the rotation of one credential stands. Immutable; each transition gives the next state, which is written before anybody goes by it.
/// </summary>
internal sealed record RotationState
{
    /// <summary>More wait nowhere: the oldest reports make room.</summary>
    public const int MostReports = 64;

    /// <summary>The device whose state it is.</summary>
    public required string Device { get; init; }

    /// <summary>The credential in use.</summary>
    public required Credential Serving { get; init; }

    /// <summary>The one before it; null where none is kept.</summary>
    public Succession? Succession { get; init; }

    /// <summary>The one after it, which is not valid yet; null for none.</summary>
    public Waiting? Waiting { get; init; }

    /// <summary>When the key was made that the next credential is asked for with; null where there is none. It is the same for each attempt, also after a restart.</summary>
    public DateTimeOffset? PendingKeyMade { get; init; }

    /// <summary>How often renewing has failed since it last succeeded.</summary>
    public int Attempts { get; init; }

    /// <summary>No attempt before; null where none has failed.</summary>
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>Whether the last attempt was made for an order to rotate at once. A new order does not wait for the end of a pause that something else made.</summary>
    public bool IsPauseForOrder { get; init; }

    /// <summary>Whether the credential in use was refused and there is none to go back to: it is renewed at the next attempt, whenever it would be due.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Since when the issuer could not be reached; null where it answered last, or was not asked.</summary>
    public DateTimeOffset? UnreachableSince { get; init; }

    /// <summary>
    /// Whether the order to rotate at once was obeyed. It is not obeyed again before a decision came without it: what orders it (a mark in the registry) is
    /// taken away by people, and the device would renew for ever until then.
    /// </summary>
    public bool HasObeyedOrder { get; init; }

    /// <summary>The latest moment that this device has seen: a clock that is set back makes no credential valid again.</summary>
    public DateTimeOffset LatestSeen { get; init; }

    /// <summary>Rotations that the decision point does not know of yet, the oldest first.</summary>
    public ImmutableArray<RotationReport> Unreported { get; init; } = [];

    /// <summary>Whether nothing has been reached with the credential in use yet.</summary>
    public bool IsOnTrial => Succession is { PredecessorUntil: null };

    /// <summary>The credentials that it names: their files must stay.</summary>
    public IEnumerable<string> Fingerprints => new[] { Serving, Succession?.Predecessor, Waiting?.Next }.OfType<Credential>().Select(credential => credential.Fingerprint);

    /// <summary>A new credential came: it is used at once, or from when it is valid.</summary>
    public RotationState Obtained(Credential next, RotationCause cause, bool isRekeyed, DateTimeOffset now)
    {
        RotationState settled = this with
        {
            PendingKeyMade = null,
            // Successors that are refused one after the other are asked for ever more slowly.
            Attempts = IsRefused ? Attempts : 0,
            NextAttempt = null,
            IsRefused = false,
            UnreachableSince = null,
            HasObeyedOrder = HasObeyedOrder || cause == RotationCause.Ordered,
            // What was refused is not gone back to, as if it had been ordered away.
            Waiting = new Waiting(next, IsRefused ? RotationCause.Ordered : cause, isRekeyed),
        };
        return next.Times.NotBefore > now ? settled : settled.Switched(now);
    }

    /// <summary>
    /// The device goes over to the credential that waits. Where the one in use was never used, what it came after is still what one can go back to; and it is
    /// reported all the same, because the new one descends from it.
    /// </summary>
    public RotationState Switched(DateTimeOffset now)
    {
        if (Waiting is null)
            return this;
        Credential before = IsOnTrial && Succession!.Predecessor.Times.NotAfter > now ? Succession.Predecessor : Serving;
        return this with
        {
            Serving = Waiting.Next,
            Waiting = null,
            Succession = new Succession(before, Serving.Fingerprint, IsOrderedAway ? RotationCause.Ordered : Waiting.Cause, Waiting.IsRekeyed, now, null),
            Unreported = IsOnTrial ? WithReport(Succession!) : Unreported,
        };
    }

    /// <summary>Whether there is one to go back to while the one in use is on trial. What was ordered away never serves again, whoever refuses its successor: its key may be a thief's too.</summary>
    public bool CanGoBack(DateTimeOffset now) => IsOnTrial && !IsOrderedAway && Succession!.Predecessor.Times.NotAfter > now;

    private bool IsOrderedAway => Succession is { PredecessorUntil: null, Cause: RotationCause.Ordered };

    /// <summary>Something was reached with the credential in use.</summary>
    /// <param name="oldUntil">Until when its predecessor stays usable.</param>
    public RotationState Confirmed(DateTimeOffset oldUntil) =>
        !IsOnTrial ? this : this with { Succession = Succession! with { PredecessorUntil = oldUntil }, Unreported = WithReport(Succession), Attempts = 0, NextAttempt = null, IsRefused = false };

    /// <summary>The credential on trial does not work: its predecessor serves again, and the next attempt is put off as after a failure.</summary>
    public RotationState RolledBack(DateTimeOffset nextAttempt) => !IsOnTrial ? this : this with
    {
        Serving = Succession!.Predecessor,
        Succession = null,
        Attempts = Attempts + 1,
        NextAttempt = nextAttempt,
        IsPauseForOrder = false,
    };

    /// <summary>The credential on trial does not work, and there is none to go back to: another is asked for.</summary>
    public RotationState Refused(DateTimeOffset nextAttempt) => this with { Attempts = Attempts + 1, NextAttempt = nextAttempt, IsPauseForOrder = true, IsRefused = true };

    /// <summary>The predecessor is no longer needed, or can no longer be used.</summary>
    public RotationState WithoutPredecessor() => this with { Succession = null };

    /// <summary>An attempt failed.</summary>
    public RotationState Failed(bool isUnreachable, RotationCause cause, DateTimeOffset now, DateTimeOffset nextAttempt) =>
        this with { Attempts = Attempts + 1, NextAttempt = nextAttempt, IsPauseForOrder = cause == RotationCause.Ordered, UnreachableSince = isUnreachable ? UnreachableSince ?? now : null };

    /// <summary>The issuer has taken the request and wants to be asked again.</summary>
    public RotationState PutOff(RotationCause cause, DateTimeOffset nextAttempt) => this with { NextAttempt = nextAttempt, IsPauseForOrder = cause == RotationCause.Ordered, UnreachableSince = null };

    /// <summary>The first report is delivered, or will never be.</summary>
    public RotationState WithoutReport(RotationReport report) => this with { Unreported = Unreported.Remove(report) };

    private ImmutableArray<RotationReport> WithReport(Succession succession) =>
        [.. Unreported.TakeLast(MostReports - 1), new RotationReport(succession.Parent, Serving, succession.Cause, succession.IsRekeyed, succession.At)];
}
