using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Wire;

/// <summary>Outcomes to and from their messages, a line for each field.</summary>
internal static class OutcomeMapping
{
    public static void Write(Outcome outcome, V1.Decision message)
    {
        if (outcome.Denial is { } reason)
        {
            message.Denial = new V1.Denial { Reason = reason };
            return;
        }
        var values = new FieldWriter(outcome);
        switch (outcome.Kind)
        {
            case DecisionKind.CipherSuites:
                message.CipherSuites = new V1.CipherSuitesOutcome
                {
                    Versions = { values.Versions() },
                    Suites = values.CodePoints(Field.Suites),
                    Groups = values.CodePoints(Field.Groups),
                    Signatures = values.CodePoints(Field.Signatures),
                    Resumption = (V1.Permission)values.Rank(Field.Resumption),
                    EarlyData = (V1.Permission)values.Rank(Field.EarlyData),
                    SessionLifetime = values.Duration(Field.SessionLifetime),
                    FreshFor = values.Duration(Field.FreshFor),
                    UsableFor = values.Duration(Field.UsableFor),
                };
                break;
            case DecisionKind.Auth:
                message.Auth = new V1.AuthOutcome
                {
                    Mutual = (V1.Requirement)values.Rank(Field.Mutual),
                    Methods = values.Names(Field.Methods),
                    KeyAlgorithms = values.Names(Field.KeyAlgorithms),
                    KeyProtection = (V1.KeyProtection)values.Rank(Field.KeyProtection),
                    AttestationWithin = values.Duration(Field.Attestation),
                    Revocation = (V1.RevocationCheck)values.Rank(Field.Revocation),
                    RevocationWithin = values.Duration(Field.RevocationWithin),
                    Reauthenticate = values.Duration(Field.Reauthenticate),
                    Capabilities = values.Names(Field.Capabilities),
                    FreshFor = values.Duration(Field.FreshFor),
                    UsableFor = values.Duration(Field.UsableFor),
                };
                break;
            default:
                message.Rotation = new V1.RotationOutcome
                {
                    Lifetime = values.Duration(Field.Lifetime),
                    KeyLifetime = values.Duration(Field.KeyLifetime),
                    Overlap = values.Duration(Field.Overlap),
                    OfflineGrace = values.Duration(Field.OfflineGrace),
                    RenewAt = values.Share(Field.RenewAt),
                    Spread = values.Share(Field.Spread),
                    Rekey = (V1.Requirement)values.Rank(Field.Rekey),
                    RotateNow = values.Rank(Field.RotateNow) > FieldWriter.Laxest,
                    FreshFor = values.Duration(Field.FreshFor),
                    UsableFor = values.Duration(Field.UsableFor),
                };
                break;
        }
    }

    /// <exception cref="WireException">The message has no outcome, one of another kind, or one that names what does not exist.</exception>
    public static Outcome Read(V1.Decision message)
    {
        DecisionKind kind = WireMapping.FromWire(message.Kind);
        if (message.OutcomeCase == V1.Decision.OutcomeOneofCase.Denial)
            return Outcome.Deny(kind, string.IsNullOrWhiteSpace(message.Denial.Reason) ? "denied without a reason" : message.Denial.Reason);

        var values = new FieldReader();
        switch (kind, message.OutcomeCase)
        {
            case (DecisionKind.CipherSuites, V1.Decision.OutcomeOneofCase.CipherSuites):
                V1.CipherSuitesOutcome suites = message.CipherSuites;
                values.Versions(suites.Versions);
                values.CodePoints(Field.Suites, suites.Suites);
                values.CodePoints(Field.Groups, suites.Groups);
                values.CodePoints(Field.Signatures, suites.Signatures);
                values.Rank(Field.Resumption, (int)suites.Resumption);
                values.Rank(Field.EarlyData, (int)suites.EarlyData);
                values.Duration(Field.SessionLifetime, suites.SessionLifetime);
                values.Duration(Field.FreshFor, suites.FreshFor);
                values.Duration(Field.UsableFor, suites.UsableFor);
                break;
            case (DecisionKind.Auth, V1.Decision.OutcomeOneofCase.Auth):
                V1.AuthOutcome auth = message.Auth;
                values.Rank(Field.Mutual, (int)auth.Mutual);
                values.Names(Field.Methods, auth.Methods);
                values.Names(Field.KeyAlgorithms, auth.KeyAlgorithms);
                values.Rank(Field.KeyProtection, (int)auth.KeyProtection);
                values.Duration(Field.Attestation, auth.AttestationWithin);
                values.Rank(Field.Revocation, (int)auth.Revocation);
                values.Duration(Field.RevocationWithin, auth.RevocationWithin);
                values.Duration(Field.Reauthenticate, auth.Reauthenticate);
                values.Names(Field.Capabilities, auth.Capabilities);
                values.Duration(Field.FreshFor, auth.FreshFor);
                values.Duration(Field.UsableFor, auth.UsableFor);
                break;
            case (DecisionKind.Rotation, V1.Decision.OutcomeOneofCase.Rotation):
                V1.RotationOutcome rotation = message.Rotation;
                values.Duration(Field.Lifetime, rotation.Lifetime);
                values.Duration(Field.KeyLifetime, rotation.KeyLifetime);
                values.Duration(Field.Overlap, rotation.Overlap);
                values.Duration(Field.OfflineGrace, rotation.OfflineGrace);
                values.Share(Field.RenewAt, rotation.RenewAt);
                values.Share(Field.Spread, rotation.Spread);
                values.Rank(Field.Rekey, (int)rotation.Rekey);
                values.Rank(Field.RotateNow, FieldWriter.Laxest + (rotation.RotateNow ? 1 : 0));
                values.Duration(Field.FreshFor, rotation.FreshFor);
                values.Duration(Field.UsableFor, rotation.UsableFor);
                break;
            default:
                throw new WireException($"a decision about {kind.Name()} has {(message.OutcomeCase == V1.Decision.OutcomeOneofCase.None ? "no outcome" : "the outcome of another kind")}");
        }
        return values.Outcome(kind);
    }
}
