using System.Collections.Immutable;
using System.Security.Authentication;
using PolicyM2M.Enforcement.Tls.Review;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>
/// Puts decisions into the settings of .NET's TLS. What .NET cannot say is either refused here or verified after the handshake; it is
/// never left to the stack's defaults.
/// </summary>
internal static class TlsTranslator
{
    public static TlsTranslation Of(TlsDecisions decisions, TlsCredential? credential, DateTimeOffset now)
    {
        if (decisions.DenialAt(now) is { } denial)
            return new TlsTranslation { Refusal = new(EnforcementReason.DecisionDenied, denial) };
        if (WhyNotAuthenticated(decisions.Auth, credential, now) is { } refusal)
            return new TlsTranslation { Refusal = refusal };
        StackSuites stack = StackSuites.Of(decisions.CipherSuites);
        if (stack.Protocols == SslProtocols.None)
        {
            string why = string.Join("; ", stack.Losses.DefaultIfEmpty("the decision names none"));
            return new TlsTranslation { Refusal = new(EnforcementReason.Infeasible, $"no suite is left for a version of TLS: {why}") };
        }
        string? noResumption = WhyNotResumed(decisions);
        return new TlsTranslation
        {
            Protocols = stack.Protocols,
            Suites = stack.Suites,
            Policy = stack.Policy,
            AllowsResumption = noResumption is null,
            Losses = [.. stack.Losses, .. LossesOf(decisions, noResumption)],
        };
    }

    /// <summary>
    /// Why no session may be resumed; null where one may. A resumed session authenticates nobody anew, and does not show all that it stands on: .NET can neither bound its age nor
    /// say what its first handshake used.
    /// </summary>
    public static string? WhyNotResumed(TlsDecisions decisions) =>
        decisions.CipherSuites.RankOf(Field.Resumption) > 0 ? "the decision forbids it"
        : decisions.CipherSuites[Field.SessionLifetime] is not null ? "the decision bounds the lifetime of sessions, and .NET cannot"
        : decisions.Auth[Field.Reauthenticate] is not null ? "both ends must authenticate again, and a resumed session does not"
        : decisions.CipherSuites[Field.Groups] is not null || decisions.CipherSuites[Field.Signatures] is not null ? "its groups and signatures could not be verified"
        : null;

    private static Refusal? WhyNotAuthenticated(Outcome auth, TlsCredential? credential, DateTimeOffset now)
    {
        ImmutableArray<string> methods = auth.NamesOf(Field.Methods) ?? [];
        if (!methods.Contains(PresentedCertificate.X509Method) && !methods.Contains(PresentedCertificate.SpiffeMethod))
            return new(EnforcementReason.Infeasible, $"TLS of .NET authenticates with x509 and spiffe-x509, and allowed are {string.Join(", ", methods)}");
        if (credential is not null)
            return CertificateReview.OfOwn(auth, credential, PresentedCertificate.Of(credential.Certificate), now);
        return auth.RankOf(Field.Mutual) > 0 ? new(EnforcementReason.NotMutual, "both ends must authenticate, and this one has no credential") : null;
    }

    private static IEnumerable<string> LossesOf(TlsDecisions decisions, string? noResumption)
    {
        if (decisions.CipherSuites[Field.Groups] is { } groups)
            yield return $"groups: the stack offers its own, and a handshake that comes to none of {groups} is refused afterwards";
        if (decisions.CipherSuites[Field.Signatures] is { } signatures)
            yield return $"signatures: the stack offers its own, and a handshake that may have used another than {signatures} is refused afterwards";
        if (noResumption is not null && decisions.CipherSuites.RankOf(Field.Resumption) == 0)
            yield return $"resumption: none, though the decision permits it: {noResumption}";
    }
}
