using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Testing.Issuing;

/// <summary>A real authority of two levels, made for one test: a root that devices trust, and the intermediate that issues.</summary>
public sealed class TestIssuer : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TimeProvider _time;
    private readonly X509Certificate2 _root;

    /// <summary>Makes the authority.</summary>
    /// <param name="time">The issuer's clock.</param>
    public TestIssuer(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        DateTimeOffset now = time.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest root = Authority("CN=Test Root", rootKey);
        _root = root.CreateSelfSigned(now.AddDays(-400), now.AddDays(4000));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 issued = Authority("CN=Test Issuer", key).Create(_root, now.AddDays(-399), now.AddDays(3999), RandomNumberGenerator.GetBytes(8));
        Intermediate = issued.CopyWithPrivateKey(key);
        TrustPath = _folder.Write("root.pem", _root.ExportCertificatePem());
    }

    /// <summary>The file with the root, PEM.</summary>
    public string TrustPath { get; }

    /// <summary>The certificate that issues, with its key.</summary>
    public X509Certificate2 Intermediate { get; }

    /// <summary>The root and the intermediate, as <c>/cacerts</c> gives them.</summary>
    public X509Certificate2Collection Chain => [_root, Intermediate];

    /// <summary>Issues a certificate for a request, with the names of the request, as a device's certificate is.</summary>
    /// <param name="signingRequest">PKCS #10 in DER; its signature is verified.</param>
    /// <param name="life">How long the certificate is valid.</param>
    /// <param name="change">Makes it other than asked for.</param>
    /// <param name="from">When it begins; null for a minute ago.</param>
    /// <exception cref="CryptographicException">The request is malformed, or not signed by its key.</exception>
    public X509Certificate2 Issue(byte[] signingRequest, TimeSpan life, Func<CertificateRequest, CertificateRequest>? change = null, DateTimeOffset? from = null)
    {
        CertificateRequest asked = CertificateRequest.LoadSigningRequest(signingRequest, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        asked.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        asked.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        asked.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        DateTimeOffset begins = from ?? _time.GetUtcNow().AddMinutes(-1);
        return (change?.Invoke(asked) ?? asked).Create(Intermediate, begins, begins + life, RandomNumberGenerator.GetBytes(8));
    }

    /// <summary>Makes a device's first credential: its certificate with the intermediate after it, and its key, as files.</summary>
    public (string CertificatePath, string KeyPath) IssueDevice(string name, TimeSpan life)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Issue(Request(key, $"CN={name}", name).CreateSigningRequest(), life);
        return (_folder.Write($"{name}.pem", $"{certificate.ExportCertificatePem()}\n{Intermediate.ExportCertificatePem()}\n"), _folder.Write($"{name}-key.pem", key.ExportPkcs8PrivateKeyPem()));
    }

    /// <summary>A certificate for a server on this machine, with its key.</summary>
    public X509Certificate2 IssueServer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        // A server's certificate is judged by the machine's clock, wherever the test has moved the issuer's.
        using X509Certificate2 certificate = request.Create(Intermediate, TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1), RandomNumberGenerator.GetBytes(8));
        using X509Certificate2 withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>Whether a chain of this authority vouches for a certificate at the issuer's time.</summary>
    public bool Vouches(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(_root);
        chain.ChainPolicy.ExtraStore.Add(Intermediate);
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }

    /// <summary>A request with the names of a device.</summary>
    public static CertificateRequest Request(ECDsa key, string subject, string device)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri($"spiffe://test.example/device/{device}"));
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        Intermediate.Dispose();
        _folder.Dispose();
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request;
    }
}
