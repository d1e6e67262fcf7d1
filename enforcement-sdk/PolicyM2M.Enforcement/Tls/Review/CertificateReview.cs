using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Tls.Review;

/// <summary>Whether a certificate may be authenticated with under an auth decision. Pure.</summary>
internal static class CertificateReview
{
    /// <summary>Clocks of neighbours differ: what was attested may be a little later than now.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>What is asked of both ends: its time, its method and its key.</summary>
    /// <param name="auth">The decision.</param>
    /// <param name="certificate">The certificate.</param>
    /// <param name="whose">Whose it is, in words.</param>
    /// <param name="now">The time.</param>
    public static Refusal? OfEither(Outcome auth, PresentedCertificate certificate, string whose, DateTimeOffset now)
    {
        if (now < certificate.NotBefore || now > certificate.NotAfter)
            return new(EnforcementReason.CertificateExpired, $"{whose} certificate is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}, and it is {now:u}");
        if (certificate.IdFault is { } fault)
            return new(EnforcementReason.WrongIdentity, $"{whose} certificate breaks the rules of SPIFFE: {fault}");
        return Method(auth, certificate, whose) ?? Key(auth, certificate.Key, whose);
    }

    /// <summary>What is asked of this end's credential beyond that: what its certificate cannot say.</summary>
    public static Refusal? OfOwn(Outcome auth, TlsCredential credential, PresentedCertificate certificate, DateTimeOffset now) =>
        OfEither(auth, certificate, "this end's", now) ?? Protection(auth, credential) ?? Attested(auth, credential, now);

    private static Refusal? Method(Outcome auth, PresentedCertificate certificate, string whose)
    {
        ImmutableArray<string> methods = auth.NamesOf(Field.Methods) ?? [];
        // An X509-SVID is an X.509 certificate, and was held to the rules of both.
        return methods.Contains(certificate.Method) || methods.Contains(PresentedCertificate.X509Method) ? null
            : new(EnforcementReason.DisallowedMethod, $"{whose} certificate is {certificate.Method}, and allowed are {Listing(methods)}");
    }

    private static Refusal? Key(Outcome auth, CertificateKey key, string whose)
    {
        if (auth.NamesOf(Field.KeyAlgorithms) is not { } allowed || (key.Algorithm is { } name && allowed.Contains(name)))
            return null;
        bool isShort = key.RsaBits is { } bits && allowed.Any(other => other.StartsWith("rsa-", StringComparison.Ordinal) && int.Parse(other.AsSpan(4)) > bits);
        return new(isShort ? EnforcementReason.ShortRsaKey : EnforcementReason.DisallowedKey, $"{whose} key is {key}, and allowed are {Listing(allowed)}");
    }

    private static Refusal? Protection(Outcome auth, TlsCredential credential) =>
        auth[Field.KeyProtection] is FieldValue.Level level && (int)credential.Protection < level.Rank
            ? new(EnforcementReason.KeyProtection, $"this end's key is kept in {Name(credential.Protection)}, and at least {level.Name} is demanded")
            : null;

    private static Refusal? Attested(Outcome auth, TlsCredential credential, DateTimeOffset now)
    {
        if (auth.TimeOf(Field.Attestation) is not { } within)
            return null;
        if (credential.AttestedAt is not { } at)
            return new(EnforcementReason.Attestation, "this device was not attested, and the decision demands it");
        return at > now + Skew || now - at > within
            ? new(EnforcementReason.Attestation, $"this device was attested at {at:u}, it is {now:u}, and the decision demands no more than {auth[Field.Attestation]} between")
            : null;
    }

    private static string Name(KeyProtection protection) => ((FieldShape.Ladder)Field.KeyProtection.Shape).Ranks[(int)protection];

    private static string Listing(ImmutableArray<string> names) => names.IsEmpty ? "none" : string.Join(", ", names);
}
