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

        authority.Revoke(lost);
        authority.WriteCrl(Path.Combine(_pdp.Data.Crl, "own.crl"));
        await RunningPdp.Eventually(() => StatusOf(new Health.HealthClient(channel)), status => status == StatusCode.Unauthenticated);

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(() => Next(call));
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.Unauthenticated));
    }

    [Test]
    public async Task The_next_message_after_the_registry_revoked_its_gateway_is_answered_with_a_denial()
    {
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call = _pdp.DecisionsAs("gateway").DecideStream(cancellationToken: Cancel);
        Assert.That((await Next(call)).Response.Decisions, Has.Count.EqualTo(3));

        await _pdp.DevicesAs("operator").RevokeDeviceAsync(new RevokeDeviceRequest { Id = "gw-plant7", Reason = "stolen" }, cancellationToken: Cancel);

        Assert.That((StatusCode)(await Next(call)).Fault.Code, Is.EqualTo(StatusCode.PermissionDenied));
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
