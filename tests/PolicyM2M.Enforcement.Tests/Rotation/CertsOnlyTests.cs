using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Rotation.Est;
using PolicyM2M.Testing;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>PKCS #7 as others write it, and as nobody should.</summary>
internal sealed class CertsOnlyTests
{
    private readonly TestIssuer _issuer = new(TimeProvider.System);

    [OneTimeTearDown]
    public void End() => _issuer.Dispose();

    [Test]
    public void What_the_platform_writes_is_read()
    {
        byte[] message = _issuer.Chain.Export(X509ContentType.Pkcs7)!;
        Assert.That(CertsOnly.Read(message, 16).Select(found => Convert.ToHexString(found.Span)), Is.EquivalentTo(_issuer.Chain.Select(certificate => Convert.ToHexString(certificate.RawData))));
    }

    [Test]
    public void What_OpenSSL_writes_is_read()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var folder = new TemporaryFolder();
        FinishedProcess.Run(openssl, ["crl2pkcs7", "-nocrl", "-certfile", _issuer.TrustPath, "-outform", "DER", "-out", folder["certs.p7"]]).Succeeded();
        Assert.That(CertsOnly.Read(File.ReadAllBytes(folder["certs.p7"]), 16).Single().ToArray(), Is.EqualTo(_issuer.Chain[0].RawData));
        string key = folder.Write("key.pem", _issuer.Intermediate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()), certificate = folder.Write("certificate.pem", _issuer.Intermediate.ExportCertificatePem());
        FinishedProcess.Run(openssl, ["cms", "-sign", "-binary", "-in", certificate, "-signer", certificate, "-inkey", key, "-outform", "DER", "-out", folder["signed.p7"]]).Succeeded();
        Assert.That(() => CertsOnly.Read(File.ReadAllBytes(folder["signed.p7"]), 16), Throws.TypeOf<InvalidDataException>().With.Message.Contains("it is signed"));
    }

    [Test]
    public void A_message_cut_at_any_byte_is_refused()
    {
        byte[] message = _issuer.Chain.Export(X509ContentType.Pkcs7)!;
        for (int length = 0; length < message.Length; length++)
            Assert.That(() => CertsOnly.Read(message.AsMemory(0, length), 16), Throws.TypeOf<InvalidDataException>(), $"cut at {length}");
    }

    [Test]
    public void Whatever_is_changed_it_is_read_or_refused_and_nothing_else() => SeededProperty.Holds(3_000, random =>
    {
        byte[] message = _issuer.Chain.Export(X509ContentType.Pkcs7)!;
        for (int changes = random.Next(1, 5); changes > 0; changes--)
            message[random.Next(random.Next(2) == 0 ? 60 : message.Length)] = (byte)random.Next(256);
        try
        {
            CertsOnly.Read(message, 16);
        }
        catch (InvalidDataException)
        {
            // Refused, as it should be.
        }
    });

    [Test]
    public void More_certificates_than_a_chain_has_are_refused()
    {
        var many = new X509Certificate2Collection();
        for (int i = 0; i < 17; i++)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            many.Add(_issuer.Issue(TestIssuer.Request(key, $"CN={i}", $"{i}").CreateSigningRequest(), TimeSpan.FromDays(1)));
        }
        Assert.That(() => CertsOnly.Read(many.Export(X509ContentType.Pkcs7)!, 16), Throws.TypeOf<InvalidDataException>().With.Message.Contains("17 certificates"));
    }
}
