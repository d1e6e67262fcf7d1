using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>What passes through the daemon: news of the registry to programs, and rotations to the decision point.</summary>
[CancelAfter(120_000)]
internal sealed class PassingOnTests
{
    [Test]
    public async Task Who_watches_a_device_behind_the_gateway_is_told_that_the_registry_says_something_else_of_it(CancellationToken longest)
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary);
        await agent.NextLineAsync(line => line.StartsWith("connected", StringComparison.Ordinal), "connection");
        using LocalClient client = plant.LocalClient();
        using AsyncServerStreamingCall<WatchResponse> watch = client.Service.Watch(new WatchRequest { DeviceId = "plc-0042" }, cancellationToken: longest), own = client.Service.Watch(new WatchRequest(), cancellationToken: longest);
        await client.Service.DecideAsync(new DecideRequest { DeviceId = "plc-0042" }, cancellationToken: longest);
        foreach (AsyncServerStreamingCall<WatchResponse> begun in new[] { watch, own })
        {
            await begun.ResponseStream.MoveNext(longest);
            Assert.That(begun.ResponseStream.Current.DeviceVersion, Is.Zero);
        }

        using GrpcChannel channel = plant.ChannelAs("operator");
        var devices = new DeviceService.DeviceServiceClient(channel);
        Task<bool> told = watch.ResponseStream.MoveNext(longest), toldOfOwn = own.ResponseStream.MoveNext(longest);
        // A change before the daemon watches the device is none that it hears of.
        for (int risk = 1; !told.IsCompleted; risk = risk % 99 + 1)
        {
            await devices.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = risk }, cancellationToken: longest);
            await Task.WhenAny(told, Task.Delay(200, longest));
        }
        Assert.That(await told, Is.True);
        Assert.That(watch.ResponseStream.Current.DeviceVersion, Is.Positive);
        Assert.That(toldOfOwn.IsCompleted, Is.False, "it is no news of the gateway");
    }

    [Test]
    public async Task A_rotation_that_a_program_reports_is_recorded_by_the_decision_point_and_what_it_refuses_is_refused(CancellationToken longest)
    {
        using var plant = new Plant();
        RunningProcess pdp = await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary);
        await agent.NextLineAsync(line => line.StartsWith("connected", StringComparison.Ordinal), "connection");
        using LocalClient client = plant.LocalClient();
        await client.Service.ReportRotationAsync(Report("plc-0042"), cancellationToken: longest);
        AuditRecord record = await RotationAsync(plant, longest);
        Assert.That((record.Device, record.Rotation.Rotation), Is.EqualTo(("plc-0042", Report("plc-0042").Rotation)));

        ReportRotationRequest other = Report("sensor-2001"), broken = Report("plc-0042");
        broken.Rotation.SuccessorSha256 = ByteString.CopyFromUtf8("short");
        Assert.That((await RefusalAsync(client, other)).StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await RefusalAsync(client, broken), Is.EqualTo(new Grpc.Core.Status(StatusCode.InvalidArgument, "successor_sha256 is a SHA-256 and has 32 bytes")), "the decision point's own words");
        await pdp.KillAsync();
        Assert.That(await RefusalAsync(client, Report("plc-0042")), Is.EqualTo(new Grpc.Core.Status(StatusCode.Unavailable, "the decision point has not said that it took this; tell it again")));
    }

    private static ReportRotationRequest Report(string device) => new()
    {
        DeviceId = device,
        Rotation = new CredentialRotation
        {
            PredecessorSha256 = ByteString.CopyFrom(SHA256.HashData("before"u8)),
            SuccessorSha256 = ByteString.CopyFrom(SHA256.HashData("after"u8)),
            SuccessorNotBefore = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
            SuccessorNotAfter = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(90)),
            RotatedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(1)),
            Cause = RotationCause.Due,
        },
    };

    private static async Task<AuditRecord> RotationAsync(Plant plant, CancellationToken longest)
    {
        using GrpcChannel channel = plant.ChannelAs("auditor");
        var auditor = new AuditService.AuditServiceClient(channel);
        while (true)
        {
            using AsyncServerStreamingCall<ListEntriesResponse> entries = auditor.ListEntries(new ListEntriesRequest(), cancellationToken: longest);
            await foreach (ListEntriesResponse entry in entries.ResponseStream.ReadAllAsync(longest))
            {
                if (AuditRecord.Parser.ParseFrom(entry.Record) is { Rotation: not null } record)
                    return record;
            }
            // It is there once the next checkpoint is.
            await Task.Delay(100, longest);
        }
    }

    private static async Task<Grpc.Core.Status> RefusalAsync(LocalClient client, ReportRotationRequest request)
    {
        try
        {
            await client.Service.ReportRotationAsync(request);
            return Grpc.Core.Status.DefaultSuccess;
        }
        catch (RpcException refusal)
        {
            return new Grpc.Core.Status(refusal.StatusCode, refusal.Status.Detail);
        }
    }
}
