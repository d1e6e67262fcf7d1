using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Who gets through the handshake.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class ClientCertificateTests
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private RunningPdp _pdp = null!;

    [OneTimeSetUp]
    public async Task Start() => _pdp = await RunningPdp.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public Task A_call_without_a_client_certificate_does_not_get_through() => AssertRefused(null);

    [Test]
    public async Task A_certificate_of_the_trust_domain_gets_through()
    {
        using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, [TestCertificates.Device]);

        DecideResponse response = await new DecisionService.DecisionServiceClient(_pdp.Channel(certificate)).DecideAsync(new DecideRequest());

        Assert.That(response.Decisions, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_certificate_that_does_not_limit_its_use_gets_through()
    {
        using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, [TestCertificates.Device], use: null);

        await new DecisionService.DecisionServiceClient(_pdp.Channel(certificate)).DecideAsync(new DecideRequest());
    }

    [Test]
    public async Task A_connection_outlives_its_certificate_and_the_right_to_ask_does_not()
    {
        var time = new ManualTime();
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        await pdp.StartServerAsync(clock: time);
        using X509Certificate2 certificate = TestCertificates.Issue(pdp.Data, [TestCertificates.Device], fromDays: -1, toDays: 1);
        var device = new DecisionService.DecisionServiceClient(pdp.Channel(certificate));
        await device.DecideAsync(new DecideRequest());
        time.Advance(TimeSpan.FromDays(2));
        Assert.That(async () => await device.DecideAsync(new DecideRequest()),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.Unauthenticated));
    }

    [Test]
    public async Task An_authority_that_has_ended_says_nothing_of_those_whose_own_certificates_hold()
    {
        var time = new ManualTime();
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        const string Device = "spiffe://partner.example/plc-0042";
        using TestAuthority root = TestAuthority.Root("Partner"), between = root.Below("Between", new CertificateTerms { NotAfter = TimeSpan.FromDays(2) });
        Directory.CreateDirectory(pdp.Data.Trust);
        File.WriteAllText(Path.Combine(pdp.Data.Trust, "partner.example.pem"), root.Pem + "\n" + between.Pem);
        File.WriteAllText(pdp.Data.Roles, """{"roles":[{"match":"spiffe://partner.example/{name}","role":"device"}]}""");
        await pdp.StartServerAsync(clock: time);
        using X509Certificate2 certificate = between.Issue(new CertificateTerms { Uris = [Device], NotAfter = TimeSpan.FromDays(10) });
        var device = new DecisionService.DecisionServiceClient(pdp.Channel(certificate));
        await device.DecideAsync(new DecideRequest());

        time.Advance(TimeSpan.FromDays(3));
        RpcException refusal = (await Assert.ThrowsAsync<RpcException>(async () => await device.DecideAsync(new DecideRequest())))!;
        Assert.That((refusal.StatusCode, refusal.Status.Detail),
            Is.EqualTo((StatusCode.Unavailable, $"an authority above the certificate of {Device} has ended, and so nothing is answered; connect with a certificate of one that holds")));
        Assert.That(pdp.Log.Lines, Has.Some.Contains("an authority in its chain ended at "));

        time.Advance(TimeSpan.FromDays(8));
        Assert.That(async () => await device.DecideAsync(new DecideRequest()),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.Unauthenticated));
    }

    [Test]
    public async Task A_certificate_that_nobody_vouches_for_is_refused()
    {
        using X509Certificate2 certificate = TestCertificates.SelfSigned(TestCertificates.Device);
        await AssertRefused(certificate, "UntrustedRoot|PartialChain");
    }

    [TestCase(-9, -1)]
    [TestCase(1, 2)]
    public async Task A_certificate_out_of_its_time_is_refused(int fromDays, int toDays)
    {
        using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, [TestCertificates.Device], fromDays: fromDays, toDays: toDays);
        await AssertRefused(certificate, "NotTimeValid");
    }

    [Test]
    public async Task A_certificate_that_is_only_for_servers_is_refused()
    {
        using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, [TestCertificates.Device], use: ServerAuthentication);
        await AssertRefused(certificate, "NotValidForUsage");
    }

    [Test]
    public async Task The_certificate_of_an_authority_is_no_callers()
    {
        using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, [TestCertificates.Device], isAuthority: true);
        await AssertRefused(certificate, "authority");
    }

    [TestCase(X509KeyUsageFlags.KeyEncipherment)]
    [TestCase(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign)]
    [TestCase(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.CrlSign)]
    public async Task A_certificate_whose_key_is_for_something_else_is_refused(X509KeyUsageFlags keyUsage)
    {
        using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, [TestCertificates.Device], keyUsage: keyUsage);
        await AssertRefused(certificate, "key usage");
    }

    [TestCase("it has 0 URIs")]
    [TestCase("it has 2 URIs", TestCertificates.Device, "spiffe://dev.policym2m.example/operator/dev")]
    [TestCase("it has 2 URIs", TestCertificates.Device, "https://dev.policym2m.example/")]
    [TestCase("does not begin with spiffe://", "https://dev.policym2m.example/device/plc-0042")]
    [TestCase("empty or relative segment", "spiffe://dev.policym2m.example/")]
    [TestCase("the path has", "spiffe://dev.policym2m.example/device/plc-0042?x=1")]
    [TestCase("the trust domain has", "spiffe://dev.policym2m.example:8443/device/plc-0042")]
    [TestCase("of the trust domain other.example", "spiffe://other.example/device/plc-0042")]
    public async Task A_certificate_without_exactly_one_good_ID_of_the_trust_domain_is_refused(string reason, params string[] uris)
    {
        using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, uris);
        await AssertRefused(certificate, reason);
    }

    private async Task AssertRefused(X509Certificate2? certificate, string reason = "")
    {
        var client = new DecisionService.DecisionServiceClient(_pdp.Channel(certificate));

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(async () => await client.DecideAsync(new DecideRequest()));

        // The handshake fails, so that no status of the server's can come: it is the client that finds no server.
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.Unavailable).Or.EqualTo(StatusCode.Internal));
        if (certificate is not null)
            Assert.That(_pdp.Log.Lines, Has.Some.Matches($"^Warning: refused the client certificate of SHA-1 thumbprint {certificate.Thumbprint}: .*{reason}"));
    }
}
