using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity;

/// <summary>What a caller's certificate says of it, and who vouches for that; read once, in the handshake. Immutable.</summary>
/// <param name="Id">The SPIFFE ID, where it is an X509-SVID.</param>
/// <param name="DnsNames">The DNS names of its subject alternative name.</param>
/// <param name="Subject">Its subject; null where it holds what is no text.</param>
/// <param name="Chains">How it is vouched for: one chain for each trust domain whose authorities do.</param>
/// <param name="Until">When it ends itself; an authority above it may end earlier.</param>
internal sealed record ClientCertificate(SpiffeId? Id, IReadOnlyList<string> DnsNames, DistinguishedName? Subject, IReadOnlyList<TrustedChain> Chains, DateTimeOffset Until)
{
    /// <summary>More names than this are nobody's.</summary>
    private const int MaximumDnsNames = 32;

    /// <summary>Reads it; false, with the rule that is broken, where it is not one that a caller can have.</summary>
    public static bool TryRead(
        X509Certificate2 certificate, IReadOnlyList<TrustedChain> chains, [NotNullWhen(true)] out ClientCertificate? read, [NotNullWhen(false)] out string? fault)
    {
        read = null;
        fault = X509Svid.FaultOfUse(certificate);
        if (fault is not null)
            return false;
        if (!AlternativeNames.TryRead(certificate, out AlternativeNames? names))
        {
            fault = "its subject alternative name is malformed";
            return false;
        }
        // A certificate with a URI is an X509-SVID, or it is nothing: a broken one does not become a DNS name.
        SpiffeId? id = names.Uris.Count == 0 ? null : X509Svid.Read(names.Uris, out fault);
        if (names.DnsNames.Count > MaximumDnsNames)
            fault ??= $"it has {names.DnsNames.Count} DNS names, and at most {MaximumDnsNames} are looked at";
        if (fault is not null)
            return false;
        read = new ClientCertificate(id, names.DnsNames, DistinguishedName.TryRead(certificate.SubjectName.RawData, out DistinguishedName? subject) ? subject : null, chains, new DateTimeOffset(certificate.NotAfter));
        return true;
    }
}
