using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.X509;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Enforcement.Tls.Review;

/// <summary>One certificate of a chain below its root: what revocation asks of it.</summary>
/// <param name="Subject">Its name, to read.</param>
/// <param name="Link">Its number and its issuer.</param>
/// <param name="NotBefore">From when it is valid.</param>
/// <param name="NotAfter">Until when it is valid.</param>
internal sealed record ChainMember(string Subject, ChainLink Link, DateTimeOffset NotBefore, DateTimeOffset NotAfter);

/// <summary>What is remembered of a certificate that an end authenticated with, so that it can be judged again while the connection lives.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Method">How it authenticates: <c>spiffe-x509</c> where it names a SPIFFE ID, and else <c>x509</c>.</param>
/// <param name="Id">Its SPIFFE ID; null where it has none or breaks the rules for them.</param>
/// <param name="IdFault">Which rule of the X509-SVID standard it breaks; null where it breaks none, or is none.</param>
/// <param name="NotBefore">From when it is valid.</param>
/// <param name="NotAfter">Until when it is valid.</param>
/// <param name="Chain">From the leaf up, without the root.</param>
internal sealed record PresentedCertificate(
    CertificateKey Key, string Method, string? Id, string? IdFault, DateTimeOffset NotBefore, DateTimeOffset NotAfter, ImmutableArray<ChainMember> Chain)
{
    public const string X509Method = "x509", SpiffeMethod = "spiffe-x509";

    /// <summary>Reads a certificate; with the chain that was built for it where there is one.</summary>
    public static PresentedCertificate Of(X509Certificate2 certificate, X509Chain? chain = null)
    {
        X509Certificate2[] all = chain is null ? [] : [.. chain.ChainElements.Select(element => element.Certificate)];
        // A certificate with a SPIFFE URI is an X509-SVID or nothing: a broken one does not become a name of another kind.
        bool isSpiffe = !AlternativeNames.TryRead(certificate, out AlternativeNames? names)
            || names.Uris.Any(uri => uri.StartsWith("spiffe:", StringComparison.OrdinalIgnoreCase));
        SpiffeId? id = null;
        string? fault = null;
        if (isSpiffe)
            X509Svid.TryRead(certificate, out id, out fault);
        return new PresentedCertificate(CertificateKey.Of(certificate), isSpiffe ? SpiffeMethod : X509Method, id?.ToString(), fault, certificate.NotBefore, certificate.NotAfter,
            [.. all.Zip(all.Skip(1), MemberOf)]);
    }

    private static ChainMember MemberOf(X509Certificate2 subject, X509Certificate2 issuer) =>
        new(subject.Subject, new ChainLink(subject.SerialNumber, CrlIssuer.Of(issuer)), subject.NotBefore, subject.NotAfter);
}
