using System.Runtime.CompilerServices;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Services;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;
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
    private TrustedKeys? _trusted;

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Durability = PolicyM2M.Audit.Appending.AuditDurability.Durable } });
        (_device, _trusted) = (_pdp.DecisionsAs("device"), null);
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
        AuditRecord[] records = [.. (await AuditTests.Records(_pdp)).Where(record => record.Decisions is not null)];
        Assert.Multiple(() =>
        {
            Assert.That(records, Has.Length.EqualTo(4));
            Assert.That(records.Select(record => record.Decisions).Distinct().Count(), Is.EqualTo(1));
            Assert.That(records.Select(record => record.Number).Distinct().Count(), Is.EqualTo(4));
        });
        Assert.That((await _pdp.DevicesAs("operator").GetRegistryStatusAsync(new GetRegistryStatusRequest())).DroppedClaims["posture.risk"], Is.EqualTo(4));
    }

    private static IEnumerable<TestCaseData> Changes()
    {
        yield return new TestCaseData((Func<DeviceService.DeviceServiceClient, Task>)(async devices => await devices.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 90 })), "risky").SetArgDisplayNames("risk");
        yield return new TestCaseData((Func<DeviceService.DeviceServiceClient, Task>)(async devices => await devices.SetDeviceStateAsync(new SetDeviceStateRequest { Id = "plc-0042", State = DeviceState.Quarantined })), "quarantined").SetArgDisplayNames("state");
        yield return new TestCaseData((Func<DeviceService.DeviceServiceClient, Task>)(async devices => await devices.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "plc-0042", Site = "plant-9" })), "elsewhere").SetArgDisplayNames("site");
        yield return new TestCaseData((Func<DeviceService.DeviceServiceClient, Task>)(async devices => await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "lost" })), "PermissionDenied").SetArgDisplayNames("revocation");
        yield return new TestCaseData((Func<DeviceService.DeviceServiceClient, Task>)(async devices => await devices.DeleteDeviceAsync(new DeleteDeviceRequest { Id = "plc-0042" })), "quarantined").SetArgDisplayNames("deletion");
    }

    [TestCaseSource(nameof(Changes))]
    public async Task A_change_of_the_registry_is_seen_by_the_very_next_request_for_what_was_fresh_for_an_hour(Func<DeviceService.DeviceServiceClient, Task> change, string says)
    {
        await ServeAsync(FreshForAnHour);
        DecideRequest request = Request(new Random(1));
        request.Kinds.Add(DecisionKind.CipherSuites);
        Assert.That((await Said(_device, request), await Said(_device, request)), Is.EqualTo(("allowed", "allowed")));

        await change(_pdp.DevicesAs("operator"));

        Assert.That(await Said(_device, request), Does.Contain(says));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_gateway_that_was_moved_or_revoked_gets_nothing_from_memory(bool isRevoked)
    {
        await ServeAsync(FreshForAnHour);
        DecisionService.DecisionServiceClient gateway = _pdp.DecisionsAs("gateway");
        DecideRequest request = Request(new Random(1));
        request.DeviceId = "plc-0042";
        request.Kinds.Add(DecisionKind.CipherSuites);
        Assert.That((await Said(gateway, request), await Said(gateway, request)), Is.EqualTo(("allowed", "allowed")));

        if (isRevoked)
            await _pdp.DevicesAs("operator").RevokeDeviceAsync(new RevokeDeviceRequest { Id = "gw-plant7", Reason = "lost" });
        else
            await _pdp.DevicesAs("operator").UpsertDeviceAsync(new UpsertDeviceRequest { Id = "gw-plant7", Site = "plant-9" });

        Assert.That(await Said(gateway, request), Is.EqualTo("PermissionDenied"));
        Assert.That(await Said(_device, request), Is.EqualTo("allowed"));
    }

    [Test]
    public async Task A_change_of_the_policies_or_of_the_caller_is_seen_by_the_very_next_request()
    {
        await ServeAsync(FreshForAnHour);
        DecideRequest request = Request(new Random(1));
        request.Kinds.Add(DecisionKind.CipherSuites);
        Assert.That((await Said(_device, request), await Said(_device, request)), Is.EqualTo(("allowed", "allowed")));

        await ServeAsync(FreshForAnHour.Replace("otherwise use", "otherwise deny \"closed\" //", StringComparison.Ordinal));
        Assert.That(await Said(_device, request), Does.Contain("closed"));

        await _pdp.DevicesAs("operator").RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "lost" });
        Assert.That(await Said(_device, request), Is.EqualTo("PermissionDenied"));
    }

    [Test]
    public async Task What_was_asked_lately_is_signed_by_another_revision_before_that_answers()
    {
        await ServeAsync(FreshForAnHour);
        DecideRequest request = Request(new Random(1));
        request.Kinds.Add(DecisionKind.CipherSuites);
        Assert.That(await Said(_device, request), Is.EqualTo("allowed"));

        await ServeAsync(FreshForAnHour.Replace("otherwise use", "otherwise deny \"closed\" //", StringComparison.Ordinal));
        DateTimeOffset active = TimeProvider.System.GetUtcNow();
        ReceivedDecision decision = _trusted!.Decision((await _device.DecideAsync(request)).SignedDecisions.Single());

        Assert.That(decision.Outcome.Denial, Is.EqualTo("closed"));
        Assert.That(decision.IssuedAt, Is.LessThan(active));
        Assert.That(decision.IssuedAt, Is.GreaterThanOrEqualTo(decision.ActivatedAt!.Value));
    }

    [Test]
    public async Task All_that_was_asked_lately_is_made_ready_at_leisure_for_the_moment_of_the_change()
    {
        AnswerMemory memory = _pdp.Server.Services.GetRequiredService<AnswerMemory>();
        RevisionState revisions = _pdp.Server.Services.GetRequiredService<RevisionState>();
        await ServeAsync(FreshForAnHour);
        DecideRequest[] asked = [.. Enumerable.Range(0, 200).Select(_ => Request(new Random(1)))];
        for (int i = 0; i < asked.Length; i++)
            asked[i].Attributes["firmware.version"] = new AttributeValue { Text = $"1.{i}.0" };
        foreach (DecideRequest request in asked)
            await _device.DecideAsync(request);
        await ServeAsync(FreshForAnHour.Replace("otherwise use", "otherwise deny \"closed\" //", StringComparison.Ordinal));

        AnswerMemory.Entry[] ready = [.. memory.Latest(revisions.Current)];
        Assert.That(ready, Has.Length.EqualTo(asked.Length));
        Assert.That(ready.Select(entry => entry.Answered.MadeAt), Has.All.EqualTo(revisions.Current.AnswersSince), "as by nobody who made them in haste, or when they were asked for");
        ReceivedDecision decision = TrustedKeys.Of((await _device.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys).Decision((await _device.DecideAsync(asked[0])).SignedDecisions[0]);
        Assert.That(decision.IssuedAt, Is.EqualTo(decision.ActivatedAt));
    }

    [Test]
    public async Task An_answer_that_was_under_way_while_the_policies_changed_leaves_what_was_made_ready()
    {
        AnswerMemory memory = _pdp.Server.Services.GetRequiredService<AnswerMemory>();
        RevisionState revisions = _pdp.Server.Services.GetRequiredService<RevisionState>();
        await ServeAsync(FreshForAnHour);
        await _device.DecideAsync(Request(new Random(1)));
        AnswerMemory.Entry before = memory.Latest(revisions.Current).Single();
        await ServeAsync(FreshForAnHour.Replace("otherwise use", "otherwise deny \"closed\" //", StringComparison.Ordinal));
        AnswerMemory.Entry ready = memory.Latest(revisions.Current).Single();

        memory.Keep(before.Request, before.Answered, before.Bytes);
        Assert.That(memory.Latest(revisions.Current), Is.EqualTo(new[] { ready }));
    }

    [Test]
    public async Task What_is_remembered_keeps_no_registry_that_is_no_longer_used()
    {
        AnswerMemory memory = _pdp.Server.Services.GetRequiredService<AnswerMemory>();
        AnswerMemory.Entry now = await RememberedAsync(memory);
        WeakReference[] before = OfAnotherRegistry(now, (request, answered) => memory.Keep(request, answered, now.Bytes));
        Assert.That(before.Select(kept => kept.IsAlive), Has.All.True);

        memory.Keep(now.Request, now.Answered, now.Bytes);
        GC.Collect();
        Assert.That(before.Select(kept => kept.IsAlive), Has.All.False);
        GC.KeepAlive(memory);
    }

    [Test]
    public async Task What_a_caller_was_given_keeps_no_registry_while_it_is_connected()
    {
        var given = new GivenDecisions();
        var connected = new CallerLoad("plc-0042", new CallLimits(), TimeProvider.System);
        AnswerMemory.Entry now = await RememberedAsync(_pdp.Server.Services.GetRequiredService<AnswerMemory>());
        WeakReference[] before = OfAnotherRegistry(now, (_, answered) => given.Note(connected, answered));

        GC.Collect();
        Assert.That(before.Select(kept => kept.IsAlive), Has.All.False);
        Assert.That(given.LongestUse(connected, now.Answered.Device, now.Answered.MadeAt), Is.Not.Null, "what was given is known all the same");
        GC.KeepAlive((given, connected));
    }

    private async Task<AnswerMemory.Entry> RememberedAsync(AnswerMemory memory)
    {
        await ServeAsync(FreshForAnHour);
        await _device.DecideAsync(Request(new Random(1)));
        return memory.Latest(_pdp.Server.Services.GetRequiredService<RevisionState>().Current).Single();
    }

    /// <summary>An answer as of before the database was connected to anew. On a frame of its own, which keeps nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] OfAnotherRegistry(AnswerMemory.Entry like, Action<byte[], Answered> keep)
    {
        Answered answered = like.Answered with { Registry = DeviceRegistry.Of([]) };
        keep([.. like.Request, 0], answered);
        return [new(answered), new(answered.Registry)];
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

    /// <summary>What is fresh for long, and goes by all that an operator can change.</summary>
    private const string FreshForAnHour = """
        policy baseline "What the tests need."

        cipher-suites {
          when lifecycle.state == "quarantined" deny "quarantined"
          when posture.risk >= 60 deny "risky"
          when location.site != "plant-7" deny "elsewhere"
          otherwise use { versions 1.3  suites TLS_AES_256_GCM_SHA384  fresh-for 1h  usable-for 3d }
        }

        """;

    private const string Attributes = """
        attributes:
          device.id: { type: string, provenance: registry, description: "The id." }
          device.type: { type: enum, values: [plc, sensor], provenance: claimed, description: "The class." }
          firmware.version: { type: version, provenance: claimed, description: "The firmware." }
          lifecycle.state: { type: enum, values: [onboarding, active, quarantined, retired], provenance: registry, description: "The state." }
          location.site: { type: string, provenance: registry, description: "The site." }
          posture.risk: { type: int, minimum: 0, maximum: 100, provenance: registry, description: "The risk." }

        """;

    private async Task ServeAsync(string policy)
    {
        string commit = _pdp.Git.Commit("Other policies", ("policies/baseline.m2m", policy), ("policies/device.attributes.yaml", Attributes));
        await RunningPdp.Eventually(async () => await _pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), status => status.Active.CommitId == commit);
    }

    /// <summary>"allowed", or why not, of the one decision of a signed answer.</summary>
    private async Task<string> Said(DecisionService.DecisionServiceClient caller, DecideRequest request)
    {
        try
        {
            DecideResponse answer = await caller.DecideAsync(request);
            _trusted ??= TrustedKeys.Of((await caller.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);
            return _trusted.Decision(answer.SignedDecisions.Single()).Outcome.Denial ?? "allowed";
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode.ToString();
        }
    }

    private static DecideRequest Request(Random random)
    {
        var request = new DecideRequest { Form = DecisionForm.Signed };
        request.Attributes["firmware.version"] = new AttributeValue { Text = $"{random.Next(1, 4)}.{random.Next(3)}.0" };
        request.Attributes["device.type"] = new AttributeValue { Text = random.Next(2) == 0 ? "plc" : "sensor" };
        return request;
    }
}
