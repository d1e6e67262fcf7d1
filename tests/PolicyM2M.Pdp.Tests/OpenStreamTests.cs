using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A stream of requests that is open while its caller loses its right to ask.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class OpenStreamTests
{
    private const string Gateway = "spiffe://dev.policym2m.example/gateway/gw-plant7";

    private RunningPdp _pdp = null!;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task Start() => _pdp = await RunningPdp.StartAsync();

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task The_next_message_after_its_certificate_was_revoked_ends_it()
    {
        using var authority = TestAuthority.Load(_pdp.Data.Certificate("ca"), _pdp.Data.Key("ca"));
        using X509Certificate2 lost = authority.Issue(uris: [Gateway]);
        using GrpcChannel channel = _pdp.Channel(lost);
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call = new DecisionService.DecisionServiceClient(channel).DecideStream(cancellationToken: Cancel);
        Assert.That((await Next(call)).Response.Decisions, Has.Count.EqualTo(3));

        await RevokeAsync(authority, lost, channel);

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(() => Next(call));
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.Unauthenticated));
    }

    [TestCase("grpc.reflection.v1.ServerReflection")]
    [TestCase("grpc.reflection.v1alpha.ServerReflection")]
    public async Task Streams_of_other_services_end_then_too(string service)
    {
        using var authority = TestAuthority.Load(_pdp.Data.Certificate("ca"), _pdp.Data.Key("ca"));
        using X509Certificate2 lost = authority.Issue(uris: [Gateway]);
        using GrpcChannel channel = _pdp.Channel(lost);
        using var reflection = ReflectionCall.Begin(channel, service, Cancel);
        Assert.That(await reflection.AskAsync(Cancel), Does.Contain("policym2m.v1.DecisionService"));

        await RevokeAsync(authority, lost, channel);

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(() => reflection.AskAsync(Cancel));
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.Unauthenticated));
    }

    [Test]
    public async Task An_auditor_who_reads_on_after_its_certificate_was_revoked_is_told_so()
    {
        await FillLogAsync();
        using var authority = TestAuthority.Load(_pdp.Data.Certificate("ca"), _pdp.Data.Key("ca"));
        using X509Certificate2 lost = authority.Issue(uris: ["spiffe://dev.policym2m.example/auditor/a"]);
        using GrpcChannel channel = _pdp.Channel(lost);
        using AsyncServerStreamingCall<ListEntriesResponse> entries = new AuditService.AuditServiceClient(channel).ListEntries(new ListEntriesRequest(), cancellationToken: Cancel);
        Assert.That(await entries.ResponseStream.MoveNext(Cancel));

        await RevokeAsync(authority, lost, channel);

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(() => ReadOn(entries));
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.Unauthenticated));
    }

    [Test]
    public async Task An_auditor_who_reads_when_the_server_ends_does_not_hold_it_up()
    {
        await FillLogAsync();
        using X509Certificate2 auditor = TestCertificates.Issue(_pdp.Data, ["spiffe://dev.policym2m.example/auditor/a"]);
        using GrpcChannel channel = _pdp.Channel(auditor);
        using AsyncServerStreamingCall<ListEntriesResponse> entries = new AuditService.AuditServiceClient(channel).ListEntries(new ListEntriesRequest(), cancellationToken: Cancel);
        Assert.That(await entries.ResponseStream.MoveNext(Cancel));

        Task stopped = _pdp.StopServerAsync();

        RpcException? end = await Assert.ThrowsAsync<RpcException>(() => ReadOn(entries));
        // What waits for a reader is given up, and its stream is reset; one that keeps up is told.
        Assert.That(end!.StatusCode, Is.EqualTo(StatusCode.Cancelled).Or.EqualTo(StatusCode.Unavailable));
        await stopped;
    }

    [Test]
    public async Task The_next_message_after_the_registry_revoked_its_gateway_is_answered_with_a_denial()
    {
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call = _pdp.DecisionsAs("gateway").DecideStream(cancellationToken: Cancel);
        Assert.That((await Next(call)).Response.Decisions, Has.Count.EqualTo(3));

        await _pdp.DevicesAs("operator").RevokeDeviceAsync(new RevokeDeviceRequest { Id = "gw-plant7", Reason = "stolen" }, cancellationToken: Cancel);

        Assert.That((StatusCode)(await Next(call)).Fault.Code, Is.EqualTo(StatusCode.PermissionDenied));
    }

    private async Task RevokeAsync(TestAuthority authority, X509Certificate2 certificate, GrpcChannel channel)
    {
        authority.Revoke(certificate);
        authority.WriteCrl(Path.Combine(_pdp.Data.Crl, "own.crl"));
        await RunningPdp.Eventually(() => StatusOf(new Health.HealthClient(channel)), status => status == StatusCode.Unauthenticated);
    }

    /// <summary>Makes more records than a connection holds of an answer that is not read.</summary>
    private async Task FillLogAsync()
    {
        const int Records = 4_000, Bytes = 1_000;
        for (int i = 0; i < Records; i++)
            _pdp.Trail.Note(null, "", record => record.Denial = new AuditDenial { Rpc = "x", Reason = new string('x', Bytes) });
        using X509Certificate2 auditor = TestCertificates.Issue(_pdp.Data, ["spiffe://dev.policym2m.example/auditor/a"]);
        using GrpcChannel channel = _pdp.Channel(auditor);
        await RunningPdp.Eventually(async () => (await new AuditService.AuditServiceClient(channel).GetCheckpointAsync(new GetCheckpointRequest(), cancellationToken: Cancel)).Size, size => size >= Records);
    }

    private static async Task ReadOn(AsyncServerStreamingCall<ListEntriesResponse> entries)
    {
        while (await entries.ResponseStream.MoveNext(Cancel))
        {
        }
    }

    private static async Task<DecideStreamResponse> Next(AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call)
    {
        await call.RequestStream.WriteAsync(new DecideStreamRequest { Request = new DecideRequest { DeviceId = "plc-0042" } }, Cancel);
        await call.ResponseStream.MoveNext(Cancel);
        return call.ResponseStream.Current;
    }

    private static async Task<StatusCode> StatusOf(Health.HealthClient client)
    {
        try
        {
            await client.CheckAsync(new HealthCheckRequest());
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }
}
