using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Kestrel.Tests;

/// <summary>A real Kestrel, asked by HttpClient and by openssl.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class EnforcedKestrelTests
{
    private const string Suites = "versions TLS1.2, TLS1.3; suites TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; groups x25519";
    private const string DeviceId = "spiffe://plant.example/device/plc-0042";

    private readonly List<Refusal> _refusals = [];
    private SemaphoreSlim _refused = null!;
    private TemporaryFolder _folder = null!;
    private TestAuthority _authority = null!;
    private Outcome _suites = null!, _auth = null!;
    private WebApplication _server = null!;
    private Uri _address = null!;

    [SetUp]
    public async Task Begin()
    {
        (_folder, _authority) = (new TemporaryFolder(), TestAuthority.Root("Plant"));
        (_suites, _auth) = (TestOutcomes.CipherSuites(Suites), TestOutcomes.Auth("mutual required; methods spiffe-x509, x509"));
        _refusals.Clear();
        _refused = new SemaphoreSlim(0);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UsePolicyM2M(Enforcer("spiffe://plant.example/server", () => (_suites, _auth)))));
        _server = builder.Build();
        _server.MapGet("/", (HttpContext context) => $"{context.Features.Get<EnforcedConnection>()!.Negotiated.PeerId} {context.Request.Protocol} {context.Request.Scheme}");
        await _server.StartAsync();
        _address = new Uri(_server.Urls.Single().Replace("http:", "https:", StringComparison.Ordinal));
    }

    [TearDown]
    public async Task End()
    {
        await _server.DisposeAsync();
        _refused.Dispose();
        _folder.Dispose();
        _authority.Dispose();
    }

    [TestCase("1.1", SslProtocols.Tls12)]
    [TestCase("1.1", SslProtocols.Tls13)]
    [TestCase("2.0", SslProtocols.Tls13)]
    public async Task An_allowed_client_is_answered_and_known(string http, SslProtocols protocol)
    {
        using HttpClient client = Client(protocol);
        using var request = new HttpRequestMessage(HttpMethod.Get, _address) { Version = Version.Parse(http), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo($"{DeviceId} HTTP/{(http == "2.0" ? "2" : http)} https"));
        Assert.That(_refusals, Is.Empty);
    }

    [Test]
    public async Task A_client_without_a_certificate_is_refused()
    {
        await OpenSslAsync();
        Assert.That(_refusals.Single().Reason, Is.EqualTo(EnforcementReason.NoPeerCertificate));
    }

    [TestCase("-tls1_1", "DEFAULT@SECLEVEL=0", EnforcementReason.DeprecatedVersion)]
    [TestCase("-tls1_2", "ECDHE-ECDSA-AES128-SHA", EnforcementReason.DisallowedCipher)]
    public async Task A_client_that_offers_less_is_refused(string version, string suites, EnforcementReason reason)
    {
        await OpenSslAsync([.. Showing(), version, "-cipher", suites]);
        Assert.That(_refusals.Single().Reason, Is.EqualTo(reason));
    }

    [Test]
    public async Task A_group_that_is_not_allowed_is_refused_after_the_handshake_and_no_request_is_read()
    {
        FinishedProcess client = await OpenSslAsync([.. Showing(), "-groups", "P-384"]);
        Assert.That(_refusals.Single().Reason, Is.EqualTo(EnforcementReason.DisallowedGroup));
        Assert.That(client.Output, Does.Not.Contain("HTTP/1.1 200"));
    }

    [Test]
    public async Task A_denial_closes_live_connections_and_takes_no_new_ones()
    {
        using HttpClient client = Client(SslProtocols.Tls13);
        Assert.That(await client.GetStringAsync(_address), Does.StartWith(DeviceId));
        _auth = Outcome.Deny(DecisionKind.Auth, "the gateway is in quarantine");
        await _refused.WaitAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(_address));
        Assert.That(_refusals.Select(refusal => refusal.ToString()), Is.All.EqualTo("DECISION_DENIED: the gateway is in quarantine"));
    }

    [Test]
    public async Task Where_there_are_no_decisions_that_is_heard_of_too()
    {
        _auth = null!;
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(_address));
        await _refused.WaitAsync();
        Assert.That(_refusals[0].ToString(), Is.EqualTo("DECISION_DENIED: there are no decisions: they did not come in time"));
    }

    private HttpClient Client(SslProtocols protocol)
    {
        Outcome suites = TestOutcomes.CipherSuites($"versions {(protocol == SslProtocols.Tls12 ? "TLS1.2" : "TLS1.3")}; suites TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
        Outcome auth = _auth;
        return new HttpClient(new SocketsHttpHandler().UsePolicyM2M(Enforcer(DeviceId, () => (suites, auth), peer: "spiffe://plant.example/server", listens: false)));
    }

    private TlsEnforcer Enforcer(string id, Func<(Outcome Suites, Outcome Auth)> decisions, string? peer = null, bool listens = true)
    {
        var credential = new TlsCredential(_authority.Issue(new CertificateTerms { Uris = [id] }));
        return new TlsEnforcer(new TlsEnforcerOptions
        {
            Decisions = _ => decisions().Auth is null ? throw new TimeoutException("they did not come in time") : ValueTask.FromResult(new TlsDecisions(decisions().Suites, decisions().Auth)),
            Trust = new TlsTrust([_authority.Certificate]) { PeerIds = peer is null ? [] : [peer] },
            Credential = () => credential,
            CheckEvery = TimeSpan.FromMilliseconds(20),
            OnRefusal = listens ? Refused : null,
        });
    }

    private void Refused(Refusal refusal)
    {
        lock (_refusals)
            _refusals.Add(refusal);
        _refused.Release();
    }

    /// <summary>A client of openssl that asks for the page; returns once the server has refused it.</summary>
    private async Task<FinishedProcess> OpenSslAsync(params string[] options)
    {
        string program = RequiredProgram.OpenSsl.Require();
        string[] arguments = ["s_client", "-connect", $"127.0.0.1:{_address.Port}", "-CAfile", _folder.Write("ca.pem", _authority.Pem), "-ign_eof", .. options];
        FinishedProcess client = await Task.Run(() => FinishedProcess.Run(program, arguments, input: "GET / HTTP/1.1\r\nHost: plant\r\nConnection: close\r\n\r\n"));
        await _refused.WaitAsync();
        return client;
    }

    private string[] Showing()
    {
        using X509Certificate2 certificate = _authority.Issue(new CertificateTerms { Uris = [DeviceId] });
        return ["-cert", _folder.Write("client.pem", certificate.ExportCertificatePem()), "-key", _folder.Write("client-key.pem", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())];
    }
}
