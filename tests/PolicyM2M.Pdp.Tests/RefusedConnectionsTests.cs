using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What the log says of those who did not get in.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RefusedConnectionsTests
{
    [Test]
    public async Task Who_shows_no_certificate_leaves_a_trace()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await Connect(pdp, null, SslProtocols.Tls13, SslApplicationProtocol.Http2);
        await Line(pdp, "refused a connection from 127.0.0.1: it showed no client certificate");
    }

    [Test]
    public async Task Who_offers_an_older_TLS_leaves_a_trace()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await ConnectAs(pdp, "device", SslProtocols.Tls12, SslApplicationProtocol.Http2);
        await Line(pdp, "refused a connection from 127.0.0.1: the TLS handshake failed: it does not offer TLS 1.3, HTTP/2 (ALPN h2)");
    }

    [TestCase("GET /healthz HTTP/1.1\r\n\r\n", "it speaks plain HTTP, and here is TLS only: it calls http:// where https:// is meant")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "it speaks plain HTTP, and here is TLS only")]
    [TestCase("SSH-2.0-OpenSSH_9.9\r\n", "what it sends is not TLS, and here is nothing else")]
    [TestCase("\u0016", "it ended the connection in its first words, or they are no TLS handshake")]
    [TestCase("", "it ended the connection before it said anything")]
    public async Task Who_sends_something_else_than_TLS_leaves_a_trace(string sent, string line)
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        using (var plain = new TcpClient("127.0.0.1", new Uri(pdp.Address).Port))
        {
            await plain.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(sent));
            // What speaks HTTP waits for an answer, and the server ends it all the same.
            if (sent.Length > 1)
                Assert.That(await EndsAsync(plain.GetStream()));
        }
        await Line(pdp, $"refused a connection from 127.0.0.1: {line}");
        Assert.That(pdp.Log.Lines, Has.Exactly(1).StartsWith("Warning: refused"), string.Join('\n', pdp.Log.Lines));
    }

    private static async Task<bool> EndsAsync(NetworkStream plain)
    {
        try
        {
            return await plain.ReadAsync(new byte[1], TestContext.CurrentContext.CancellationToken) == 0;
        }
        catch (IOException)
        {
            // It is reset, since not all was read.
            return true;
        }
    }

    [Test]
    public async Task Who_does_not_offer_HTTP2_leaves_one_line_and_no_stack()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await ConnectAs(pdp, "device", SslProtocols.Tls13);
        await Line(pdp, "refused a connection from 127.0.0.1: spiffe://dev.policym2m.example/device/plc-0042 does not offer HTTP/2");
        Assert.That(pdp.Log.Lines, Has.None.StartsWith("Error").And.None.Contains("   at "));
    }

    [Test]
    public async Task Who_offers_another_protocol_than_HTTP2_is_not_said_to_have_an_older_TLS()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await ConnectAs(pdp, "device", SslProtocols.Tls13, SslApplicationProtocol.Http11);
        await Line(pdp, "refused a connection from 127.0.0.1: the TLS handshake failed: it does not offer TLS 1.3, HTTP/2 (ALPN h2)");
    }

    [Test]
    public async Task A_certificate_that_is_refused_is_told_by_whom_it_names()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        using X509Certificate2 certificate = TestCertificates.SelfSigned(TestCertificates.Device);
        await Connect(pdp, certificate, SslProtocols.Tls13, SslApplicationProtocol.Http2);
        await Line(pdp, $"refused the client certificate of SHA-1 thumbprint {certificate.Thumbprint}: no authority of a trust domain issued it (");
        Assert.That(pdp.Log.Lines, Has.Some.EndsWith($"); it names {TestCertificates.Device}, CN=test; from 127.0.0.1"));
    }

    [Test]
    public async Task A_certificate_that_comes_again_is_told_once()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        using X509Certificate2 certificate = TestCertificates.Issue(pdp.Data, [TestCertificates.Device], use: "1.3.6.1.5.5.7.3.1");
        for (int i = 0; i < 3; i++)
            await Connect(pdp, certificate, SslProtocols.Tls13, SslApplicationProtocol.Http2);
        await Line(pdp, $"refused the client certificate of SHA-1 thumbprint {certificate.Thumbprint}: it is not for client authentication");
        Assert.That(pdp.Log.Lines, Has.Exactly(1).StartsWith("Warning: refused"), string.Join('\n', pdp.Log.Lines));
    }

    [Test]
    public void What_comes_again_is_counted_and_told_at_the_end_of_the_minute()
    {
        var log = new RecordedLog();
        using RefusedConnections refused = Refused(log);
        foreach (string peer in new[] { "10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2", "10.0.0.1" })
            refused.Connection(IPAddress.Parse(peer), new RefusalWords("why"));
        refused.EndWindow();
        refused.Connection(IPAddress.Parse("10.0.0.1"), new RefusalWords("why"));
        refused.EndWindow();
        Assert.That(log.Lines, Is.EqualTo(new[]
        {
            "Warning: refused a connection from 10.0.0.1: why", "Warning: refused a connection from 10.0.0.2: why",
            "Warning: refused 2 more connections from 10.0.0.1 within a minute: why", "Warning: refused a connection from 10.0.0.1: why",
        }));
    }

    [Test]
    public async Task Who_did_not_get_in_is_a_record_of_the_audit_log_too()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Durability = AuditDurability.Durable } });
        for (int i = 0; i < 3; i++)
            await Connect(pdp, null, SslProtocols.Tls13, SslApplicationProtocol.Http2);
        await Line(pdp, "refused a connection from 127.0.0.1: it showed no client certificate");
        string folder = pdp.Data.Audit;
        await pdp.StopServerAsync();
        var reader = new AuditLogReader(folder);
        AuditDenial denial = reader.ReadEntries(0, reader.ReadCheckpoint().Size).Select(entry => AuditRecord.Parser.ParseFrom(entry.Record.Span).Denial).OfType<AuditDenial>().Single();
        Assert.That((denial.Rpc, denial.Reason), Is.EqualTo(("connection", "3 refused from 127.0.0.1 within a minute, of which the first: it showed no client certificate")));
    }

    [Test]
    public void A_flood_of_peers_and_certificates_does_not_flood_the_log()
    {
        var log = new RecordedLog();
        using RefusedConnections refused = Refused(log);
        for (int peer = 0; peer < 500; peer++)
        {
            for (int certificate = 0; certificate < 100; certificate++)
                refused.Certificate(new IPAddress([10, 0, (byte)(peer >> 8), (byte)peer]), $"{certificate:X40}", "CN=x", new RefusalWords("no authority of this trust domain issued it"));
        }
        Assert.That(log.Lines, Has.Count.EqualTo(RefusedConnections.MaximumPeers * RefusedConnections.MaximumReasons));
        refused.EndWindow();
        Assert.That(log.Lines.Last(), Is.EqualTo("Warning: refused 45000 more connections from other addresses within a minute: not told one by one"));
    }

    private static RefusedConnections Refused(RecordedLog log) =>
        new(TimeProvider.System, AuditTrail.Open(new AuditOptions { Durability = null }, new DataFolder("/nowhere"), "test", TimeProvider.System, NullLogger.Instance), LoggerFactory.Create(logging => log.AddTo(logging)).CreateLogger<RefusedConnections>());

    private static async Task Line(RunningPdp pdp, string line) =>
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Log.Lines), lines => lines.Any(logged => logged.StartsWith($"Warning: {line}", StringComparison.Ordinal)));

    private static async Task ConnectAs(RunningPdp pdp, string name, SslProtocols protocols, params SslApplicationProtocol[] offered)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate(name), pdp.Data.Key(name));
        await Connect(pdp, certificate, protocols, offered);
    }

    /// <summary>Shakes hands, waits for the server to say something or to go, and goes.</summary>
    private static async Task Connect(RunningPdp pdp, X509Certificate2? certificate, SslProtocols protocols, params SslApplicationProtocol[] offered)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(pdp.Data.Certificate("ca"));
        using var connection = new TcpClient("127.0.0.1", new Uri(pdp.Address).Port);
        await using var tls = new SslStream(connection.GetStream(), leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = protocols,
                ApplicationProtocols = offered.Length == 0 ? null : [.. offered],
                CertificateChainPolicy = trust,
                ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
            });
            await tls.ReadExactlyAsync(new byte[1]);
        }
        catch (Exception refusal) when (refusal is IOException or AuthenticationException)
        {
            // As it should be; the log says why.
        }
    }
}
