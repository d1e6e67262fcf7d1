using System.Collections.Immutable;
using System.Security.Authentication;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tls.Review;

/// <summary>Whether what was negotiated is what was decided: asked after the handshake, and again with every new decision while the connection lives. Pure.</summary>
internal static class HandshakeReview
{
    /// <summary>The first thing that is not as decided; null where all is.</summary>
    public static Refusal? Of(TlsDecisions decisions, NegotiatedTls negotiated, RevocationListFiles.Content? lists, DateTimeOffset now) =>
        decisions.DenialAt(now) is { } denial ? new(EnforcementReason.DecisionDenied, denial)
        : Channel(decisions.CipherSuites, negotiated)
        ?? Resumption(decisions, negotiated)
        ?? Peer(decisions.Auth, negotiated, lists, now)
        ?? Own(decisions.Auth, negotiated, now)
        ?? Signatures(decisions.CipherSuites, negotiated);

    /// <summary>The name of a version in decisions; null for one that they do not know.</summary>
    public static string? NameOf(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls12 => "TLS1.2",
        SslProtocols.Tls13 => "TLS1.3",
        _ => null,
    };

    private static Refusal? Channel(Outcome decided, NegotiatedTls negotiated)
    {
        ImmutableArray<string> versions = decided.NamesOf(Field.Versions) ?? [], suites = decided.NamesOf(Field.Suites) ?? [];
        if (NameOf(negotiated.Protocol) is not { } version || !versions.Contains(version))
            return new(EnforcementReason.DeprecatedVersion, $"{negotiated.Protocol} was negotiated, and allowed are {string.Join(", ", versions)}");
        if (!suites.Any(name => TlsRegistry.CipherSuites[name].CodePoint == (ushort)negotiated.Suite))
            return new(EnforcementReason.DisallowedCipher, $"{negotiated.Suite} was negotiated, and allowed are {string.Join(", ", suites)}");
        if (decided.NamesOf(Field.Groups) is { } groups && (negotiated.Group is null || !groups.Contains(negotiated.Group)))
            return new(EnforcementReason.DisallowedGroup, $"{negotiated.Group ?? "no group that could be seen"} was negotiated, and allowed are {string.Join(", ", groups)}");
        // Nothing is granted by omission: where nobody states it, it is forbidden.
        return negotiated.EarlyDataOffered && decided[Field.EarlyData] is not FieldValue.Level { Rank: 0 }
            ? new(EnforcementReason.EarlyData, "the peer sent early data, which the decision forbids")
            : null;
    }

    private static Refusal? Resumption(TlsDecisions decisions, NegotiatedTls negotiated) =>
        negotiated.IsResumed && TlsTranslator.WhyNotResumed(decisions) is { } why
            ? new(EnforcementReason.ResumptionForbidden, $"an earlier session was resumed: {why}")
            : null;

    private static Refusal? Peer(Outcome auth, NegotiatedTls negotiated, RevocationListFiles.Content? lists, DateTimeOffset now)
    {
        bool mustBeMutual = auth.RankOf(Field.Mutual) > 0;
        if (negotiated.Peer is not { } peer)
            return mustBeMutual || !negotiated.IsServer ? new(EnforcementReason.NoPeerCertificate, "the peer has shown no certificate") : null;
        if (mustBeMutual && !negotiated.IsMutual)
            return new(EnforcementReason.NotMutual, "both ends must authenticate, and the peer did not ask this one to");
        return CertificateReview.OfEither(auth, peer, "the peer's", now) ?? RevocationReview.Of(auth, peer.Chain, lists, now);
    }

    private static Refusal? Own(Outcome auth, NegotiatedTls negotiated, DateTimeOffset now) =>
        negotiated is { Credential: { } credential, Own: { } own } ? CertificateReview.OfOwn(auth, credential, own, now) : null;

    private static Refusal? Signatures(Outcome decided, NegotiatedTls negotiated)
    {
        if (decided.NamesOf(Field.Signatures) is not { } allowed)
            return null;
        bool isSeen = negotiated.Protocol == SslProtocols.Tls12;
        return (negotiated.Peer is { } peer ? Signature(allowed, "the peer", peer.Key, negotiated.PeerSignature, isSeen) : null)
            ?? (negotiated.Own is { } own ? Signature(allowed, "this end", own.Key, negotiated.OwnSignature, isSeen) : null);
    }

    /// <summary>In TLS 1.3 signatures are encrypted, and .NET does not tell: what a key could have signed with must be allowed altogether.</summary>
    private static Refusal? Signature(ImmutableArray<string> allowed, string who, CertificateKey key, ushort? seen, bool isSeen)
    {
        if (isSeen)
        {
            string? name = TlsRegistry.SignatureSchemes.Values.FirstOrDefault(scheme => scheme.CodePoint == seen)?.Name;
            return name is not null && allowed.Contains(name) ? null
                : new(EnforcementReason.DisallowedSignature, $"{who} signed with {name ?? "a scheme that could not be seen"}, and allowed are {string.Join(", ", allowed)}");
        }
        string[] beyond = [.. key.Schemes.Where(scheme => !allowed.Contains(scheme))];
        return key.Schemes.Length > 0 && beyond.Length == 0 ? null
            : new(EnforcementReason.DisallowedSignature, key.Schemes.IsEmpty ? $"{who} signed with a key that is {key}"
                : $"{who} may have signed with {string.Join(" or ", beyond)}: allowed are {string.Join(", ", allowed)}, and .NET cannot tell them apart in TLS 1.3");
    }
}
