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

    /// <summary>The gateway's first certificate is backdated by five minutes, and so due at once and far from its limit; what is signed now is due in some minutes.</summary>
    private static readonly string ShortLives = RotateNow.Replace("rotate-now lifetime 100d overlap 1h", "lifetime 90m renew-at 5% spread 0% overlap 1m", StringComparison.Ordinal);

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
    public async Task A_renewed_credential_that_the_decision_point_turns_away_gives_way_to_the_one_before_unless_that_was_ordered_away([Values] bool isOrdered)
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var plant = new Plant();
        plant.Commit(isOrdered ? RotateNow : ShortLives);
        await plant.StartPdpAsync();
        using var issuer = new TemporaryFolder();
        WriteAuthority(issuer);
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, $"\"interval\": 1, {Renewal(issuer, openssl, issuer["other.pem"], issuer["other-key.pem"], issuer["other.pem"])}");
        await agent.NextLineAsync(line => line.StartsWith("credential-switched: ", StringComparison.Ordinal), "switch");
        if (isOrdered)
        {
            // Whoever breaks handshakes on the way must not bring back a key that was stolen.
            await agent.NextLineAsync(line => line.StartsWith("disconnected: it ended the TLS handshake", StringComparison.Ordinal), "handshake that is ended");
            // Until nothing is usable any more it shows the new one again and again.
            await agent.NextLineAsync(line => line.Contains("cipher-suites deny, denied: ", StringComparison.Ordinal), "end of what was kept");
            Assert.That(agent.Transcript, Does.Not.Contain("credential-rolled-back"));
            return;
        }
        await agent.NextLineAsync(line => line.StartsWith("credential-rolled-back: ", StringComparison.Ordinal), "way back");
        await agent.NextLineAsync(line => line.StartsWith("connected: ", StringComparison.Ordinal), "connection with the one before");
        using LocalClient client = plant.LocalClient();
        Assert.That((await client.DecideAsync()).CipherSuites, Is.Not.Null);
    }

    [Test]
    public async Task A_trial_that_an_agent_was_killed_in_is_concluded_by_the_next_one()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var plant = new Plant();
        plant.Commit(RotateNow);
        RunningProcess pdp = await plant.StartPdpAsync();
        using var issuer = new TemporaryFolder();
        string configuration = $"\"interval\": 1, {Renewal(issuer, openssl, plant.Pki("ca.pem"), plant.Pki("ca-key.pem"), plant.Pki("ca.pem"), until: issuer["go"])}";
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, configuration);
        await agent.NextLineAsync(line => line.StartsWith("renewing: ", StringComparison.Ordinal), "renewal");
        await pdp.KillAsync();
        issuer.Write("go", "");
        await agent.NextLineAsync(line => line.StartsWith("credential-switched: ", StringComparison.Ordinal), "switch");
        await agent.KillAsync();

        await plant.StartPdpAsync();
        RunningProcess next = plant.StartGateway(ProgramStart.Ordinary, configuration);
        await next.NextLineAsync(line => line.StartsWith("credential-confirmed: ", StringComparison.Ordinal), "answer to the credential on trial");
        await next.NextLineAsync(line => line.StartsWith("rotation-reported: ", StringComparison.Ordinal), "lineage");
        Assert.That(next.Transcript, Does.Not.Contain("renewing: "), "the same one");
    }

    [Test]
    public async Task A_credential_on_trial_whose_files_are_gone_ends_the_daemon_and_says_why()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var plant = new Plant();
        plant.Commit(RotateNow);
        RunningProcess pdp = await plant.StartPdpAsync();
        using var issuer = new TemporaryFolder();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary,
            $"\"interval\": 1, {Renewal(issuer, openssl, plant.Pki("ca.pem"), plant.Pki("ca-key.pem"), plant.Pki("ca.pem"), until: issuer["go"])}");
        await agent.NextLineAsync(line => line.StartsWith("renewing: ", StringComparison.Ordinal), "renewal");
        // While nobody answers, it stays on trial, and is looked at again and again.
        await pdp.KillAsync();
        issuer.Write("go", "");
        await agent.NextLineAsync(line => line.StartsWith("credential-switched: ", StringComparison.Ordinal), "switch");
        foreach (string certificate in Directory.GetFiles(Path.Combine(plant.State, "credential"), "certificate.pem", SearchOption.AllDirectories))
            File.Delete(certificate);
        string why = await agent.NextLineAsync(line => line.StartsWith("agent: ", StringComparison.Ordinal), "reason");
        Assert.That(why, Does.Contain("certificate.pem"));
    }

    /// <summary>The configuration of a renewal by a script that signs what it is given.</summary>
    private static string Renewal(TemporaryFolder folder, string openssl, string authority, string key, string trust, string? until = null)
    {
        string extensions = folder.Write("extensions", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n");
        string script = folder.Write("issue.sh",
            $"{(until is null ? "" : $"while [ ! -e {until} ]; do sleep 0.05; done; ")}exec {openssl} x509 -req -in \"$POLICYM2M_CSR\" -CA {authority} -CAkey {key} -set_serial 0x$({openssl} rand -hex 12) -days 30 -copy_extensions copyall -extfile {extensions}\n");
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
