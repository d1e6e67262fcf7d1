using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Testing;

/// <summary>An authority of which a test has the key: it issues any names, and its revocation lists are those of the real <c>openssl ca</c>.</summary>
public sealed class TestAuthority : IDisposable
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
            [bare]
            [delta]
            authorityKeyIdentifier = keyid
            deltaCRL = critical, DER:020101
            [part]
            issuingDistributionPoint = critical, @point
            [point]
            onlyuser = TRUE

            """);
    }

    /// <summary>Its certificate, as PEM.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>Its certificate, with its key.</summary>
    public X509Certificate2 Certificate => _certificate;

    /// <summary>A root of its own.</summary>
    public static TestAuthority Root(string name, bool withRsa = false) => Make(new X500DistinguishedName($"CN={name}"), withRsa, issuer: null);

    /// <summary>An authority whose certificate and key are in PEM files.</summary>
    public static TestAuthority Load(string certificate, string key) => new(X509Certificate2.CreateFromPemFile(certificate, key), File.ReadAllText(key));

    /// <summary>An authority under this one.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="terms">How long it is valid; null for the usual.</param>
    public TestAuthority Below(string name, CertificateTerms? terms = null) => Make(new X500DistinguishedName($"CN={name}"), withRsa: false, this, terms);

    /// <summary>An authority of the same name with another key, as one is when its key is replaced.</summary>
    public TestAuthority WithNewKey() => Make(_certificate.SubjectName, withRsa: false, issuer: null);

    /// <summary>A leaf with a key on P-256.</summary>
    public X509Certificate2 Issue(string subject = "CN=test", string[]? uris = null, string[]? dns = null) =>
        Issue(new CertificateTerms { Subject = subject, Uris = uris ?? [], Dns = dns ?? [] });

    /// <summary>A leaf as these terms say.</summary>
    public X509Certificate2 Issue(CertificateTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return Issue(new X500DistinguishedName(terms.Subject), terms);
    }

    /// <summary>A leaf of a name that no text can say.</summary>
    public X509Certificate2 Issue(X500DistinguishedName subject, string[] uris, string[] dns) => Issue(subject, new CertificateTerms { Uris = uris, Dns = dns });

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

    /// <inheritdoc/>
    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
    }

    private static TestAuthority Make(X500DistinguishedName subject, bool withRsa, TestAuthority? issuer, CertificateTerms? terms = null)
    {
        using AsymmetricAlgorithm key = withRsa ? RSA.Create(2_048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = key is RSA rsa ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        if (issuer is null)
            return new TestAuthority(request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30)), key.ExportPkcs8PrivateKeyPem());
        using X509Certificate2 certificate = issuer.Sign(request, terms ?? new CertificateTerms());
        return new TestAuthority(certificate.CopyWithPrivateKey((ECDsa)key), key.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Issue(X500DistinguishedName subject, CertificateTerms terms)
    {
        using AsymmetricAlgorithm key = terms.RsaBits is { } bits ? RSA.Create(bits) : ECDsa.Create(terms.Curve);
        CertificateRequest request = key is RSA rsa ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | (key is RSA ? X509KeyUsageFlags.KeyEncipherment : 0), critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (string uri in terms.Uris)
            names.AddUri(new Uri(uri));
        foreach (string name in terms.Dns)
            names.AddDnsName(name);
        if (terms.Uris.Length + terms.Dns.Length > 0)
            request.CertificateExtensions.Add(names.Build());
        if (terms.Usages.Length > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(OidsOf(terms.Usages), critical: false));
        using X509Certificate2 certificate = Sign(request, terms);
        using X509Certificate2 withKey = key is RSA own ? certificate.CopyWithPrivateKey(own) : certificate.CopyWithPrivateKey((ECDsa)key);
        // A key that lives only in memory cannot be used by SslStream on every platform.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    private static OidCollection OidsOf(string[] identifiers)
    {
        var oids = new OidCollection();
        foreach (string identifier in identifiers)
            oids.Add(new Oid(identifier));
        return oids;
    }

    private X509Certificate2 Sign(CertificateRequest request, CertificateTerms terms)
    {
        using RSA? rsa = _certificate.GetRSAPrivateKey();
        using ECDsa? ecdsa = _certificate.GetECDsaPrivateKey();
        X509SignatureGenerator signer = rsa is null ? X509SignatureGenerator.CreateForECDsa(ecdsa!) : X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        // A serial number of which the first bit is set is written with a zero before it: half of all are, and so are all here.
        serial[0] |= 0x80;
        return request.Create(_certificate.SubjectName, signer, now + terms.NotBefore, now + terms.NotAfter, [0, .. serial]);
    }

    private void OpenSsl(params string[] arguments) => FinishedProcess.Run(RequiredProgram.OpenSsl.Require(), arguments, _folder.Path).Succeeded();
}
