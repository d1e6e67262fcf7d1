using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests.Servers;

/// <summary>Certificates that an authority of the test has issued, as files; and one of an authority that nobody knows.</summary>
internal sealed class TestCredentials : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestCredentials()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 authority = Authority(authorityKey, "CN=authority of the test");
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 other = Authority(otherKey, "CN=nobody knows it");
        File.WriteAllText(Authorities, authority.ExportCertificatePem());
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write("ecdsa", Issue(authority, new CertificateRequest("CN=localhost", p256, HashAlgorithmName.SHA256)), p256.ExportPkcs8PrivateKeyPem());
        using var rsa = RSA.Create(2_048);
        Write("rsa", Issue(authority, new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), rsa.ExportPkcs8PrivateKeyPem());
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Write("p384", Issue(authority, new CertificateRequest("CN=client", p384, HashAlgorithmName.SHA384)), p384.ExportPkcs8PrivateKeyPem());
        Write("client", Issue(authority, new CertificateRequest("CN=client", p256, HashAlgorithmName.SHA256)), p256.ExportPkcs8PrivateKeyPem());
        string revoked = Issue(authority, new CertificateRequest("CN=revoked", p256, HashAlgorithmName.SHA256));
        Write("revoked", revoked, p256.ExportPkcs8PrivateKeyPem());
        var list = new CertificateRevocationListBuilder();
        using (var certificate = X509Certificate2.CreateFromPem(revoked))
            list.AddEntry(certificate);
        File.WriteAllText(RevocationLists, new string(PemEncoding.Write("X509 CRL", list.Build(authority, 1, TimeProvider.System.GetUtcNow().AddDays(1), HashAlgorithmName.SHA256))));
        File.WriteAllText(RevocationListsOfAnother, new string(PemEncoding.Write("X509 CRL",
            new CertificateRevocationListBuilder().Build(other, 1, TimeProvider.System.GetUtcNow().AddDays(1), HashAlgorithmName.SHA256))));
        Write("stranger", Issue(other, new CertificateRequest("CN=client", p256, HashAlgorithmName.SHA256)), p256.ExportPkcs8PrivateKeyPem());
    }

    public string Authorities => _folder["authorities.pem"];

    public string RevocationLists => _folder["revoked.crl"];

    public string RevocationListsOfAnother => _folder["another.crl"];

    public string Certificate(string name) => _folder[$"{name}.pem"];

    public string Key(string name) => _folder[$"{name}-key.pem"];

    /// <summary>The options of a server with the certificate of that kind of key.</summary>
    public EmitterOptions Server(string key = "ecdsa") => new()
    {
        Role = ChannelRole.Server,
        Certificate = Certificate(key),
        Key = Key(key),
        Authorities = Authorities,
        Address = "127.0.0.1",
    };

    /// <summary>The options of a client.</summary>
    public EmitterOptions Client() => new() { Role = ChannelRole.Client, Certificate = Certificate("client"), Key = Key("client"), Authorities = Authorities, Peer = "localhost" };

    public void Dispose() => _folder.Dispose();

    private void Write(string name, string certificate, string key)
    {
        _folder.Write($"{name}.pem", certificate);
        _folder.Write($"{name}-key.pem", key);
    }

    private static X509Certificate2 Authority(ECDsa key, string subject)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static string Issue(X509Certificate2 authority, CertificateRequest request)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        // A suite of static RSA encrypts with the server's key.
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using ECDsa key = authority.GetECDsaPrivateKey()!;
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using X509Certificate2 issued = request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now.AddHours(-1), now.AddHours(12), serial);
        return issued.ExportCertificatePem();
    }
}
