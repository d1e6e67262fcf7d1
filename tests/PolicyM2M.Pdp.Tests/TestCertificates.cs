using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Client certificates as a careless or hostile issuer could make them.</summary>
internal static class TestCertificates
{
    public const string Device = "spiffe://dev.policym2m.example/device/plc-0042";

    /// <summary>A certificate of the server's own CA, like the development device's except for what is said.</summary>
    public static X509Certificate2 Issue(
        DataFolder data, string[] uris, bool isAuthority = false, string? use = "1.3.6.1.5.5.7.3.2",
        X509KeyUsageFlags keyUsage = X509KeyUsageFlags.DigitalSignature, int fromDays = -1, int toDays = 1)
    {
        using X509Certificate2 issuer = X509Certificate2.CreateFromPemFile(data.Certificate("ca"), data.Key("ca"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request(key, uris, isAuthority, use, keyUsage);
        // The chain must not fail for another reason than the one under test: nothing begins before its issuer.
        DateTimeOffset now = TimeProvider.System.GetUtcNow(), from = now.AddDays(fromDays);
        using X509Certificate2 certificate = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!), from, now.AddDays(toDays), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Puts a new key and certificate in the place of the server's, the same in all else; returns its thumbprint.</summary>
    public static string RenewServer(DataFolder data, bool isOver = false)
    {
        using X509Certificate2 issuer = X509Certificate2.CreateFromPemFile(data.Certificate("ca"), data.Key("ca")), old = X509CertificateLoader.LoadCertificateFromFile(data.Certificate("server"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(old.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in old.Extensions.Where(extension => extension is not X509SubjectKeyIdentifierExtension))
            request.CertificateExtensions.Add(extension);
        using X509Certificate2 certificate = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!), isOver ? old.NotBefore.AddDays(-30) : old.NotBefore, isOver ? old.NotBefore.AddDays(-1) : old.NotAfter, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(data.Key("server"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(data.Certificate("server"), certificate.ExportCertificatePem());
        return certificate.Thumbprint;
    }

    /// <summary>Makes an authority in a data folder of its own.</summary>
    public static void MakeAuthority(DataFolder data)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=the next authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 authority = request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
        Directory.CreateDirectory(data.Pki);
        File.WriteAllText(data.Key("ca"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(data.Certificate("ca"), authority.ExportCertificatePem());
    }

    /// <summary>A certificate that nobody vouches for.</summary>
    public static X509Certificate2 SelfSigned(string uri)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return Request(key, [uri], false, "1.3.6.1.5.5.7.3.2", X509KeyUsageFlags.DigitalSignature).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static CertificateRequest Request(ECDsa key, string[] uris, bool isAuthority, string? use, X509KeyUsageFlags keyUsage)
    {
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(keyUsage, critical: true));
        if (use is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("plc-0042.example");
        foreach (string uri in uris)
            names.AddUri(new Uri(uri));
        request.CertificateExtensions.Add(names.Build());
        return request;
    }
}
