using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests.Servers;

/// <summary>DTLS 1.2 of OpenSSL with the emitted file, held against <c>openssl s_client</c>.</summary>
internal sealed class DatagramTests
{
    [Test]
    public async Task Only_what_is_allowed_gets_a_handshake()
    {
        using var credentials = new TestCredentials();
        EmitterOptions options = credentials.Server() with { Transport = ChannelTransport.Dtls };
        EmittedConfiguration allowed = Emitter.Emit(StackKind.OpenSsl, options, Decisions.Of(["DTLS1.2", "DTLS1.3"],
            ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"], ["secp256r1"], ["ecdsa_secp256r1_sha256"]));

        Assert.That(await Shakes(allowed, "-cipher", "ECDHE-ECDSA-AES128-CCM8"), Is.True);
        Assert.That(await Shakes(allowed, "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), Is.False, "suite");
        Assert.That(await Shakes(allowed, "-cipher", "ECDHE-ECDSA-AES128-CCM8", "-groups", "X25519"), Is.False, "group");
        Assert.That(await Shakes(allowed, "-cipher", "ECDHE-ECDSA-AES128-CCM8", "-sigalgs", "ecdsa_secp384r1_sha384"), Is.False, "scheme");
        Assert.That(await Shakes(Emitter.Emit(StackKind.OpenSsl, options, Decisions.Denied)), Is.False, "a denial");

        async Task<bool> Shakes(EmittedConfiguration configuration, params string[] offer)
        {
            using TemporaryFolder folder = RunningServer.Write(configuration);
            int port = RunningServer.FreePort();
            using RunningProcess server = RunningProcess.Start("sh",
                // It ends where its standard input does.
                ["-c", $"tail -f /dev/null | {RequiredProgram.OpenSsl.Require()} s_server -dtls -accept 127.0.0.1:{port} -cert {options.Certificate} -key {options.Key}"],
                folder.Path, RunningServer.OpenSslConf(folder));
            await server.NextLineAsync(line => line.StartsWith("ACCEPT", StringComparison.Ordinal), "start");
            // A refused client of DTLS may hear nothing, and asks again for as long as it is let: its own bound ends it.
            FinishedProcess client = FinishedProcess.Run("timeout", ["5", RequiredProgram.OpenSsl.Require(), "s_client", "-dtls", "-connect", $"127.0.0.1:{port}", .. offer],
                environment: [new("OPENSSL_CONF", "/dev/null")]);
            return client.Output.Contains("Cipher is ECDHE", StringComparison.Ordinal);
        }
    }
}
