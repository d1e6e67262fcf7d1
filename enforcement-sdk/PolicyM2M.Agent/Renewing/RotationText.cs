using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Renewing;

/// <summary>What an event of a rotation is called, and what it says.</summary>
internal static class RotationText
{
    public static (string Name, string Detail) Of(RotationEvent happened) => happened switch
    {
        RotationEvent.Renewing renewing => ("renewing", $"{renewing.Cause}{(renewing.Rekey ? ", with a new key" : "")}"),
        RotationEvent.Accepted accepted => ("renewal-accepted", $"the issuer answers later; asked again at {accepted.AskAgainAt:u}"),
        RotationEvent.Failed failed => ("renewal-failed", $"{failed.Reason}; tried again at {failed.NextAttempt:u}"),
        RotationEvent.Switched switched => ("credential-switched", $"to {Short(switched.To)}, valid until {switched.To.Times.NotAfter:u}"),
        RotationEvent.Waits waits => ("credential-waits", $"{Short(waits.Next)} is valid from {waits.Next.Times.NotBefore:u}"),
        RotationEvent.Confirmed confirmed => ("credential-confirmed", $"{Short(confirmed.Serving)} works; the one before is kept until {confirmed.PredecessorUntil:u}"),
        RotationEvent.RolledBack back => ("credential-rolled-back", $"{Short(back.Serving)} serves again: {back.Reason}"),
        RotationEvent.PredecessorEnded ended => ("predecessor-ended", Short(ended.Predecessor)),
        RotationEvent.UseChanged use => ("credential-use", use.Use is CredentialUse.Unusable unusable ? unusable.Reason : "it may be used"),
        RotationEvent.Adopted adopted => ("credential-adopted", Short(adopted.Successor)),
        RotationEvent.NotAdopted not => ("credential-not-adopted", not.Reason),
        RotationEvent.StateDiscarded discarded => ("rotation-state-discarded", discarded.Reason),
        RotationEvent.NotWritten notWritten => ("rotation-not-written", notWritten.Reason),
        RotationEvent.ClockSteppedForward stepped => ("credential-clock-stepped-forward", $"by {Text(stepped.By)}"),
        RotationEvent.ClockSetBack back => ("credential-clock-set-back", $"{Text(back.Behind)} behind the latest time seen, until it has caught up or a new certificate bears it out"),
        RotationEvent.ClockSetRight right => ("credential-clock-set-right", $"by {Text(right.By)}: a new certificate bears the system clock out"),
        RotationEvent.Reported reported => ("rotation-reported", reported.Refusal ?? "the decision point knows of it"),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "an event without a text"),
    };

    private static string Text(TimeSpan span) => DurationText.Format((long)span.TotalSeconds);

    /// <summary>Enough of a fingerprint to tell it from others.</summary>
    private static string Short(Credential credential) => credential.Fingerprint[..12];
}
