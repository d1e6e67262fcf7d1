using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Development;

/// <summary>A certificate authority for one machine: ECDSA on P-256, SPIFFE IDs, and a name that nobody takes for more than it is.</summary>
internal static class DevelopmentAuthority
{
    private const string Organisation = "PolicyM2M development, not for production";
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3_650);
    private static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(90);

    /// <summary>Clocks of neighbours differ: certificates begin a little before they are made.</summary>
    private static readonly TimeSpan Backdating = TimeSpan.FromMinutes(5);

    /// <summary>Whether a certificate is that of an authority made here.</summary>
    public static bool Made(X509Certificate2 authority) => authority.Subject.Contains(Organisation, StringComparison.Ordinal);

    /// <summary>A new authority, signed by itself.</summary>
    public static X509Certificate2 Create(ECDsa key, DateTimeOffset now)
    {
        CertificateRequest request = Request("PolicyM2M development CA", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(now - Backdating, now + AuthorityLifetime);
    }

    /// <summary>A certificate for one identity; it never outlives its issuer.</summary>
    public static X509Certificate2 Issue(X509Certificate2 authority, DevelopmentIdentity identity, ECDsa key, DateTimeOffset now)
    {
        CertificateRequest request = Request(identity.Path[1..], key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        // An X509-SVID that limits its use names both, since workloads are both (X509-SVID, section 4.4).
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(X509Svid.ServerAuthentication), new Oid(X509Svid.ClientAuthentication)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(Names(identity));

        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        DateTimeOffset notBefore = Later(now - Backdating, authority.NotBefore), notAfter = Earlier(now + LeafLifetime, authority.NotAfter);
        return request.Create(authority, notBefore, notAfter, serial);
    }

    private static CertificateRequest Request(string commonName, ECDsa key)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        name.AddOrganizationName(Organisation);
        return new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
    }

    private static X509Extension Names(DevelopmentIdentity identity)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(identity.SpiffeId));
        if (identity.IsServer)
        {
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.IPv6Loopback);
        }
        return names.Build();
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
