using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>A state and what the policies say of it. Immutable: what may be used is read from it without waiting for anybody.</summary>
internal sealed record Standing(RotationState State, Outcome Outcome)
{
    /// <summary>The plan for the credential in use; null where the policies deny.</summary>
    public RotationPlan? Plan(string device) => Outcome.IsDenied ? null : PlanOf(State.Serving, device, State.HasObeyedOrder);

    /// <summary>The plan for a successor: an order that it was made by is not meant for it.</summary>
    public RotationPlan PlanOf(Credential credential, string device, bool isOrderObeyed = true) =>
        RotationPlan.Of(credential.Times, Outcome, DeviceSpread.Of(device, credential.Serial), isOrderObeyed);

    /// <summary>Whether the key of the next request is too old: half of the time until a credential with it would be due is over, as where the issuer was away for long.</summary>
    public bool IsPendingKeyOld(DateTimeOffset now) => State.PendingKeyMade is { } made && now - made > (RotationPlan.KeyDue(made, Outcome) - made) / 2;

    /// <summary>Whether a successor with the key in use would itself be due at once.</summary>
    public bool IsServingKeyOld(DateTimeOffset now) => RotationPlan.KeyDue(State.Serving.Times.KeyMade, Outcome) <= now;

    /// <summary>Until when the predecessor stays usable, where its successor is used for the first time now. What was ordered away, and what the policies deny, ends at once.</summary>
    public DateTimeOffset OldUntil(DateTimeOffset now) =>
        Outcome.IsDenied || State.Succession is not { Cause: not RotationCause.Ordered } succession ? now : PlanOf(succession.Predecessor, State.Device).OldUntil(now);

    /// <summary>What may be used at a moment.</summary>
    public CredentialUse UseAt(DateTimeOffset now, CredentialFolder folder)
    {
        if (Plan(State.Device) is not { } plan)
            return new CredentialUse.Unusable($"the policies deny it: {Outcome.Denial}");
        CredentialTimes times = State.Serving.Times;
        if (now >= times.NotAfter)
            return new CredentialUse.Unusable($"its validity ended {times.NotAfter:u}");
        if (now < times.NotBefore)
            return new CredentialUse.Unusable($"its validity begins {times.NotBefore:u}");
        bool isInGrace = now >= plan.Limit;
        DateTimeOffset until = isInGrace ? plan.GraceUntil : plan.Limit;
        if (isInGrace && (State.UnreachableSince is null || now >= until))
            return new CredentialUse.Unusable($"the policies allowed it until {plan.Limit:u}{(State.UnreachableSince is null ? "" : $", and {plan.GraceUntil:u} while its issuer cannot be reached")}");
        return new CredentialUse.Usable(Usable(State.Serving, until, folder), Predecessor(now, folder), isInGrace);
    }

    private UsableCredential? Predecessor(DateTimeOffset now, CredentialFolder folder)
    {
        // What was ordered away is not gone back to.
        if (State.Succession is not { } succession || (State.IsOnTrial && !State.CanGoBack(now)))
            return null;
        DateTimeOffset limit = PlanOf(succession.Predecessor, State.Device).Limit;
        DateTimeOffset until = succession.PredecessorUntil < limit ? succession.PredecessorUntil.Value : limit;
        return now < until ? Usable(succession.Predecessor, until, folder) : null;
    }

    private static UsableCredential Usable(Credential credential, DateTimeOffset until, CredentialFolder folder) =>
        new(credential, folder.CertificatePath(credential.Fingerprint), folder.KeyPath(credential.Fingerprint), until);
}
