using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>HttpClient against the web server of openssl.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class EnforcedHttpTests
{
    [Test]
    public async Task A_request_over_an_allowed_connection_is_answered_and_over_another_is_not_sent()
    {
        using var world = new TlsWorld();
        world.PeerIds = [TlsWorld.ServerId];
        (RunningProcess server, int port) = await OpenSslPeer.ServeAsync(world, TlsWorld.Server, "-Verify", "1", "-www");
        using (server)
        {
            using var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero };
            using var client = new HttpClient(handler.UsePolicyM2M(world.Enforcer(TlsWorld.Device)));
            var page = new Uri($"https://127.0.0.1:{port}/");
            Assert.That(await client.GetStringAsync(page), Does.Contain("TLS_AES"));

            world.CipherSuites = TestOutcomes.CipherSuites("versions TLS1.2; suites TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
            HttpRequestException? failed = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(page));
            Assert.That(failed!.InnerException, Is.TypeOf<EnforcementException>());
        }
    }

    [Test]
    public async Task What_the_handler_would_shake_hands_for_by_itself_is_refused()
    {
        using var world = new TlsWorld();
        using var handler = new SocketsHttpHandler();
        handler.UsePolicyM2M(world.Enforcer(TlsWorld.Device));
        Assert.That(handler.SslOptions.RemoteCertificateValidationCallback!(handler, null, null, System.Net.Security.SslPolicyErrors.None), Is.False, "HTTP/3 goes by these options, and not by ours");
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://127.0.0.1:1/") { Version = System.Net.HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        await Assert.ThatAsync(() => client.SendAsync(request), Throws.TypeOf<HttpRequestException>());
    }
}
