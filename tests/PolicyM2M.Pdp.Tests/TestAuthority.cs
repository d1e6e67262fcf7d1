using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>An authority of which a test has the key: it issues any names, and its revocation lists are those of the real <c>openssl ca</c>.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _certificate;

    private TestAuthority(X509Certificate2 certificate, string keyPem)
    {
        _certificate = certificate;
        File.WriteAllText(_folder["ca.pem"], certificate.ExportCertificatePem());
        File.WriteAllText(_folder["ca-key.pem"], keyPem);
        File.WriteAllText(_folder["index.txt"], "");
        File.WriteAllText(_folder["crlnumber"], "01\n");
        File.WriteAllText(_folder["ca.cnf"], """
            [ca]
            default_ca = this
            [this]
            database = index.txt
            crlnumber = crlnumber
            certificate = ca.pem
            private_key = ca-key.pem
            default_md = sha256
            default_crl_days = 2
            crl_extensions = crl
            [crl]
            authorityKeyIdentifier = keyid
            [delta]
            authorityKeyIdentifier = keyid
            deltaCRL = critical, DER:020101
            [part]
            issuingDistributionPoint = critical, @point
            [point]
            onlyuser = TRUE

            """);
    }

    public string Pem => _certificate.ExportCertificatePem();

    public X509Certificate2 Certificate => _certificate;

    /// <summary>A root of its own.</summary>
    public static TestAuthority Root(string name, bool withRsa = false) => Make(name, withRsa, issuer: null);

    /// <summary>The authority of a server's development credentials.</summary>
    public static TestAuthority Of(RunningPdp pdp) =>
        new(X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("ca"), pdp.Data.Key("ca")), File.ReadAllText(pdp.Data.Key("ca")));

    /// <summary>An authority under this one.</summary>
    public TestAuthority Below(string name) => Make(name, withRsa: false, this);

    /// <summary>A caller's certificate.</summary>
    public X509Certificate2 Issue(string subject = "CN=test", string[]? uris = null, string[]? dns = null) =>
        Issue(new X500DistinguishedName(subject), uris ?? [], dns ?? []);

    public X509Certificate2 Issue(X500DistinguishedName subject, string[] uris, string[] dns)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (string uri in uris)
            names.AddUri(new Uri(uri));
        foreach (string name in dns)
            names.AddDnsName(name);
        if (uris.Length + dns.Length > 0)
            request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = Sign(request);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Revokes a certificate; the next list says so.</summary>
    public void Revoke(X509Certificate2 certificate)
    {
        File.WriteAllText(_folder["revoked.pem"], certificate.ExportCertificatePem());
        OpenSsl("ca", "-config", "ca.cnf", "-revoke", "revoked.pem");
    }

    /// <summary>Writes a revocation list, with the options of <c>openssl ca</c>; the file appears whole.</summary>
    public void WriteCrl(string file, params string[] options)
    {
        OpenSsl(["ca", "-config", "ca.cnf", "-gencrl", "-out", "made.crl", .. options]);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Move(_folder["made.crl"], file, overwrite: true);
    }

    /// <summary>Turns a list into DER.</summary>
    public void WriteDer(string file)
    {
        OpenSsl("ca", "-config", "ca.cnf", "-gencrl", "-out", "made.crl");
        OpenSsl("crl", "-in", "made.crl", "-outform", "DER", "-out", "made.der");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Move(_folder["made.der"], file, overwrite: true);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
    }

    private static TestAuthority Make(string name, bool withRsa, TestAuthority? issuer)
    {
        using AsymmetricAlgorithm key = withRsa ? RSA.Create(2_048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedName($"CN={name}");
        CertificateRequest request = key is RSA rsa ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        if (issuer is null)
            return new TestAuthority(request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30)), key.ExportPkcs8PrivateKeyPem());
        using X509Certificate2 certificate = issuer.Sign(request);
        return new TestAuthority(certificate.CopyWithPrivateKey((ECDsa)key), key.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Sign(CertificateRequest request)
    {
        using RSA? rsa = _certificate.GetRSAPrivateKey();
        using ECDsa? ecdsa = _certificate.GetECDsaPrivateKey();
        X509SignatureGenerator signer = rsa is null ? X509SignatureGenerator.CreateForECDsa(ecdsa!) : X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        // A serial number of which the first bit is set is written with a zero before it: half of all are, and so are all here.
        serial[0] |= 0x80;
        return request.Create(_certificate.SubjectName, signer, now.AddMinutes(-4), now.AddDays(1), [0, .. serial]);
    }

    private void OpenSsl(params string[] arguments) => FinishedProcess.Run(RequiredProgram.OpenSsl.Require(), arguments, _folder.Path).Succeeded();
}
