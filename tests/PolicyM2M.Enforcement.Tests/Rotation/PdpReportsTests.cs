using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Wire.V1;
using RotationCause = PolicyM2M.Enforcement.Rotation.RotationCause;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Reports over a real connection to a server that takes them, refuses them, or is away.</summary>
[CancelAfter(120_000)]
internal sealed class PdpReportsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private static readonly RotationReport Report = new(new string('a', 64), new Credential(new string('b', 64), "02", new CredentialTimes(Now, Now.AddDays(30), Now)), RotationCause.Ordered, true, Now.AddHours(1));

    private readonly Decisions _decisions = new();
    private WebApplication _server = null!;
    private GrpcChannel _channel = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(_decisions);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        _server = builder.Build();
        _server.MapGrpcService<Decisions>();
        await _server.StartAsync();
        _channel = GrpcChannel.ForAddress(_server.Urls.Single());
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task A_report_arrives_as_it_is()
    {
        Assert.That(await SendAsync(null), Is.EqualTo(ReportDelivery.Taken));
        Wire.V1.CredentialRotation told = _decisions.Last!.Rotation;
        Assert.That(_decisions.Last.DeviceId, Is.EqualTo("plc-1"));
        Assert.That((Convert.ToHexStringLower(told.PredecessorSha256.Span), Convert.ToHexStringLower(told.SuccessorSha256.Span), told.Cause, told.Rekeyed), Is.EqualTo((Report.PredecessorFingerprint, Report.Successor.Fingerprint, Wire.V1.RotationCause.Ordered, true)));
        Assert.That((told.SuccessorNotBefore.ToDateTimeOffset(), told.SuccessorNotAfter.ToDateTimeOffset(), told.RotatedAt.ToDateTimeOffset()), Is.EqualTo((Now, Now.AddDays(30), Now.AddHours(1))));
    }

    [Test]
    public async Task What_can_never_be_taken_is_refused_and_everything_else_is_for_later()
    {
        Assert.That(await SendAsync(StatusCode.InvalidArgument), Is.EqualTo(ReportDelivery.Refused("as a test")));
        foreach (StatusCode status in new[] { StatusCode.PermissionDenied, StatusCode.Unauthenticated, StatusCode.Unavailable, StatusCode.Unimplemented, StatusCode.ResourceExhausted, StatusCode.Internal })
            Assert.That(async () => await SendAsync(status), Throws.TypeOf<RpcException>(), $"{status}: whoever reports keeps it");
    }

    private async Task<ReportDelivery> SendAsync(StatusCode? refusal)
    {
        _decisions.Refusal = refusal;
        return await PdpReports.To(() => _channel.CreateCallInvoker(), "plc-1", TimeProvider.System)(Report, CancellationToken.None);
    }

    private sealed class Decisions : DecisionService.DecisionServiceBase
    {
        public StatusCode? Refusal { get; set; }

        public ReportRotationRequest? Last { get; private set; }

        public override Task<ReportRotationResponse> ReportRotation(ReportRotationRequest request, ServerCallContext context)
        {
            Last = request;
            return Refusal is { } refusal ? throw new RpcException(new Status(refusal, "as a test")) : Task.FromResult(new ReportRotationResponse());
        }
    }
}
