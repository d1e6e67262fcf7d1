using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Renewing;

/// <summary>The daemon's own credential, renewed by a program that signs as an authority does; the decision point is real and judges what came.</summary>
internal sealed class RenewalTests
{
    private const string RotateNow = """
        policy plant "Everybody renews at once."
        cipher-suites { otherwise use { versions 1.3 suites TLS_AES_128_GCM_SHA256 fresh-for 6s usable-for 14s } }
        auth          { otherwise use { mutual required methods x509 fresh-for 6s usable-for 14s } }
        rotation      { otherwise use { rotate-now lifetime 100d overlap 1h fresh-for 6s usable-for 14s } }
        """;

    [Test]
    public async Task A_renewed_credential_is_used_towards_the_decision_point()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var plant = new Plant();
        plant.Commit(RotateNow);
        await plant.StartPdpAsync();
        using var issuer = new TemporaryFolder();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, $"\"interval\": 1, {Renewal(issuer, openssl, plant.Pki("ca.pem"), plant.Pki("ca-key.pem"), plant.Pki("ca.pem"))}");
        await agent.NextLineAsync(line => line.StartsWith("credential-switched: ", StringComparison.Ordinal), "switch");
        await agent.NextLineAsync(line => line.StartsWith("credential-confirmed: ", StringComparison.Ordinal), "answer to the new credential");
        using LocalClient client = plant.LocalClient();
        Assert.That((await client.DecideAsync()).CipherSuites, Is.Not.Null);
        Assert.That(await agent.TerminateAsync(), Is.Zero, agent.Transcript);
    }

    [Test]
    public async Task A_renewed_credential_that_the_decision_point_turns_away_gives_way_to_the_one_before()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var plant = new Plant();
        plant.Commit(RotateNow);
        await plant.StartPdpAsync();
        using var issuer = new TemporaryFolder();
        WriteAuthority(issuer);
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, $"\"interval\": 1, {Renewal(issuer, openssl, issuer["other.pem"], issuer["other-key.pem"], issuer["other.pem"])}");
        await agent.NextLineAsync(line => line.StartsWith("credential-switched: ", StringComparison.Ordinal), "switch");
        await agent.NextLineAsync(line => line.StartsWith("credential-rolled-back: ", StringComparison.Ordinal), "way back");
        await agent.NextLineAsync(line => line.StartsWith("connected: ", StringComparison.Ordinal), "connection with the one before");
        using LocalClient client = plant.LocalClient();
        Assert.That((await client.DecideAsync()).CipherSuites, Is.Not.Null);
    }

    /// <summary>The configuration of a renewal by a script that signs what it is given.</summary>
    private static string Renewal(TemporaryFolder folder, string openssl, string authority, string key, string trust)
    {
        string extensions = folder.Write("extensions", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n");
        string script = folder.Write("issue.sh",
            $"exec {openssl} x509 -req -in \"$POLICYM2M_CSR\" -CA {authority} -CAkey {key} -set_serial 0x$({openssl} rand -hex 12) -days 30 -copy_extensions copyall -extfile {extensions}\n");
        return $$"""
            "renewal": { "trust": "{{trust}}", "command": ["/bin/sh", "{{script}}"] }
            """;
    }

    private static void WriteAuthority(TemporaryFolder folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Somebody else's authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(100));
        folder.Write("other.pem", certificate.ExportCertificatePem());
        folder.Write("other-key.pem", key.ExportPkcs8PrivateKeyPem());
    }
}
