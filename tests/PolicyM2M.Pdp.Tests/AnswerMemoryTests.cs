using Grpc.Core;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The same request again gets the same answer from memory, and never one that no longer holds.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AnswerMemoryTests
{
    private RunningPdp _pdp = null!;
    private DecisionService.DecisionServiceClient _device = null!;

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Durability = PolicyM2M.Audit.Appending.AuditDurability.Durable } });
        _device = _pdp.DecisionsAs("device");
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task What_is_remembered_is_what_is_decided_for_many_requests_and_callers()
    {
        DecisionService.DecisionServiceClient gateway = _pdp.DecisionsAs("gateway");
        var trusted = TrustedKeys.Of((await _device.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);
        var random = new Random(7);
        for (int i = 0; i < 300; i++)
        {
            DecideRequest request = Request(random);
            bool asGateway = random.Next(2) == 0;
            request.DeviceId = asGateway ? new[] { "plc-0042", "sensor-1", "gw-plant7" }[random.Next(3)] : "";
            DecideResponse answered = await (asGateway ? gateway : _device).DecideAsync(request);
            // A correlation makes the stream decide anew: it goes by messages and never by memory.
            using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> stream = (asGateway ? gateway : _device).DecideStream();
            await stream.RequestStream.WriteAsync(new DecideStreamRequest { Request = request });
            await stream.RequestStream.CompleteAsync();
            await stream.ResponseStream.MoveNext(CancellationToken.None);
            DecideResponse anew = stream.ResponseStream.Current.Response;
            Assert.That(answered.SignedDecisions.Select(signed => trusted.Decision(signed).Outcome), Is.EqualTo(anew.SignedDecisions.Select(signed => trusted.Decision(signed).Outcome)));
            Assert.That((answered.Ignored, answered.NeededAttributes), Is.EqualTo((anew.Ignored, anew.NeededAttributes)));
        }
    }

    [Test]
    public async Task A_remembered_answer_leaves_a_record_and_counts_as_any_other()
    {
        DecideRequest request = Request(new Random(1));
        request.Attributes["posture.risk"] = new AttributeValue { Integer = 0 };
        for (int i = 0; i < 4; i++)
            await _device.DecideAsync(request);
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Trail.Log!.State), state => state.Published == state.Size);
        var reader = new AuditLogReader(_pdp.Data.Audit);
        AuditRecord[] records = [.. reader.ReadEntries(0, reader.ReadCheckpoint().Size).Select(entry => AuditRecord.Parser.ParseFrom(entry.Record.Span)).Where(record => record.Decisions is not null)];
        Assert.Multiple(() =>
        {
            Assert.That(records, Has.Length.EqualTo(4));
            Assert.That(records.Select(record => record.Decisions).Distinct().Count(), Is.EqualTo(1));
            Assert.That(records.Select(record => record.Number).Distinct().Count(), Is.EqualTo(4));
        });
        Assert.That((await _pdp.DevicesAs("operator").GetRegistryStatusAsync(new GetRegistryStatusRequest())).DroppedClaims["posture.risk"], Is.EqualTo(4));
    }

    [Test]
    public async Task A_change_of_the_registry_of_the_policies_or_of_the_caller_is_seen_by_the_very_next_request()
    {
        DecideRequest request = Request(new Random(1));
        request.Kinds.Add(DecisionKind.Rotation);
        var trusted = TrustedKeys.Of((await _device.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);
        bool RotatesNow(DecideResponse answer) => !trusted.Decision(answer.SignedDecisions.Single()).Outcome.ToString().Contains("lifetime 30d", StringComparison.Ordinal);
        Assert.That((RotatesNow(await _device.DecideAsync(request)), RotatesNow(await _device.DecideAsync(request))), Is.EqualTo((false, false)));
        await _pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 90 });
        Assert.That(RotatesNow(await _device.DecideAsync(request)), Is.True);
        await _pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 10 });

        string commit = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(async () => await _pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), status => status.Active.CommitId == commit);
        Assert.That(trusted.Decision((await _device.DecideAsync(request)).SignedDecisions.Single()).Outcome.ToString(), Does.Contain("lifetime 7d"));

        await _pdp.DevicesAs("operator").RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "lost" });
        Assert.That((await Assert.ThrowsAsync<RpcException>(async () => await _device.DecideAsync(request)))!.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
    }

    [Test]
    public async Task What_is_no_message_is_an_invalid_argument()
    {
        var broken = new Method<byte[], DecideResponse>(MethodType.Unary, "policym2m.v1.DecisionService", "Decide",
            new Marshaller<byte[]>(bytes => bytes, bytes => bytes), new Marshaller<DecideResponse>(_ => [], DecideResponse.Parser.ParseFrom));
        CallInvoker invoker = _pdp.ChannelOf("device").CreateCallInvoker();
        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(async () => await invoker.AsyncUnaryCall(broken, null, new CallOptions(), [0x0A, 0xFF, 0x01]).ResponseAsync);
        Assert.That((refusal!.StatusCode, refusal.Status.Detail), Is.EqualTo((StatusCode.InvalidArgument, refusal.Status.Detail)));
        Assert.That(refusal.Status.Detail, Does.StartWith("the message is no DecideRequest: "));
    }

    private static DecideRequest Request(Random random)
    {
        var request = new DecideRequest { Form = DecisionForm.Signed };
        request.Attributes["firmware.version"] = new AttributeValue { Text = $"{random.Next(1, 4)}.{random.Next(3)}.0" };
        request.Attributes["device.type"] = new AttributeValue { Text = random.Next(2) == 0 ? "plc" : "sensor" };
        return request;
    }
}
