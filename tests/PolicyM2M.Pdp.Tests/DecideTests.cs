using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What devices and gateways are answered.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class DecideTests
{
    /// <summary>Close to the real time, which the certificates are checked by, and yet no instant that a clock would say by itself.</summary>
    private static readonly DateTimeOffset Now = new(TimeProvider.System.GetUtcNow().AddMinutes(-3).Date.AddHours(-1), TimeSpan.Zero);

    private RunningPdp _pdp = null!;
    private DecisionService.DecisionServiceClient _device = null!;
    private DecisionService.DecisionServiceClient _gateway = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        // The certificates are made by the real clock.
        _pdp = await RunningPdp.StartAsync();
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(clock: new FixedClock(Now));
        (_device, _gateway) = (_pdp.DecisionsAs("device"), _pdp.DecisionsAs("gateway"));
    }

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task Without_kinds_all_three_are_decided_in_the_order_of_the_contract()
    {
        DecideResponse response = await Ask(_device);

        Assert.That(response.Decisions.Select(decision => decision.Kind),
            Is.EqualTo(new[] { DecisionKind.CipherSuites, DecisionKind.Auth, DecisionKind.Rotation }));
        Assert.That(response.NeededAttributes, Is.EqualTo(new[] { "device.type", "firmware.version" }));
        Assert.That(response.Ignored, Is.Empty);
    }

    [Test]
    public async Task Kinds_are_decided_in_the_order_asked_for()
    {
        DecideResponse response = await Ask(_device, kinds: [DecisionKind.Rotation, DecisionKind.CipherSuites]);

        Assert.That(response.Decisions.Select(decision => decision.Kind), Is.EqualTo(new[] { DecisionKind.Rotation, DecisionKind.CipherSuites }));
        Assert.That(response.Decisions[0].Rotation.Lifetime, Is.EqualTo(Duration.FromTimeSpan(TimeSpan.FromDays(30))));
    }

    [Test]
    public async Task A_decision_says_when_it_was_made_how_long_it_holds_and_by_which_revision_and_rule()
    {
        Decision decision = (await Ask(_device, [("firmware.version", "2.4.0")], [DecisionKind.CipherSuites])).Decisions.Single();

        Assert.That(decision.IssuedAt.ToDateTimeOffset(), Is.EqualTo(Now));
        Assert.That(decision.FreshUntil.ToDateTimeOffset(), Is.EqualTo(Now.AddHours(1)));
        Assert.That(decision.UsableUntil.ToDateTimeOffset(), Is.EqualTo(Now.AddDays(3)));
        Assert.That(decision.Revision.CommitId, Is.EqualTo(_pdp.Git.Head));
        Assert.That(decision.Revision.BundleHash, Does.Match("^[0-9a-f]{64}$"));
        Assert.That(decision.Rules.Select(rule => (rule.Policy, rule.File)), Has.All.EqualTo(("baseline", "baseline.m2m")));
    }

    [Test]
    public async Task What_a_device_claims_counts_where_it_may_say_it()
    {
        Decision old = (await Ask(_device, [("firmware.version", "1.9.0")], [DecisionKind.CipherSuites])).Decisions.Single();
        Decision recent = (await Ask(_device, [("firmware.version", "2.4.0")], [DecisionKind.CipherSuites])).Decisions.Single();

        Assert.That(old.Denial.Reason, Does.Contain("too old"));
        Assert.That(recent.CipherSuites.Suites.Items.Select(suite => suite.Name), Is.EqualTo(new[] { "TLS_AES_256_GCM_SHA384" }));
    }

    [Test]
    public async Task What_a_device_may_not_say_is_dropped_and_reported()
    {
        DecideResponse response = await Ask(_device,
            [("firmware.version", "2.4.0"), ("key.protection", "hsm"), ("location.site", "plant-9"), ("posture.risk", "20")]);

        Assert.That(response.Ignored.Select(ignored => (ignored.Name, ignored.Reason)), Is.EqualTo(new[]
        {
            ("key.protection", IgnoredReason.Provenance), ("location.site", IgnoredReason.Provenance), ("posture.risk", IgnoredReason.Provenance),
        }));
        Assert.That(response.Decisions[0].CipherSuites.Suites.Items, Has.Count.EqualTo(1), "a claimed HSM must not loosen anything");
    }

    [Test]
    public async Task What_the_schema_does_not_know_or_cannot_read_is_reported_and_counts_as_missing()
    {
        DecideResponse response = await Ask(_device, [("firmware.version", "new"), ("firmware.versoin", "2.4.0"), ("device.type", "plc")]);

        Assert.That(response.Ignored.Select(ignored => (ignored.Name, ignored.Reason)), Is.EqualTo(new[]
        {
            ("firmware.version", IgnoredReason.Malformed), ("firmware.versoin", IgnoredReason.Unknown),
        }));
        Assert.That(response.Decisions[0].Denial, Is.Not.Null, "the firmware could be too old");
    }

    [Test]
    public async Task The_id_comes_from_the_identity_and_never_from_a_claim()
    {
        DecideResponse own = await Ask(_device, [("device.type", "plc"), ("device.id", "plc-0042")], [DecisionKind.Auth]);
        DecideResponse spoofed = await Ask(_gateway, [("device.type", "plc"), ("device.id", "plc-0042")], [DecisionKind.Auth]);

        Assert.That(own.Ignored, Is.Empty);
        Assert.That(own.Decisions[0].Auth, Is.Not.Null);
        Assert.That(spoofed.Ignored.Single().Reason, Is.EqualTo(IgnoredReason.Provenance));
        Assert.That(spoofed.Decisions[0].Denial, Is.Not.Null);
    }

    [Test]
    public async Task What_the_registry_knows_is_merged_in_and_stands_above_a_claim()
    {
        DecideResponse response = await Ask(_gateway, [("firmware.version", "2.4.0"), ("device.type", "plc")], device: "sensor-1");

        Assert.That(response.Decisions[0].CipherSuites.Suites.Items, Has.Count.EqualTo(2), "the registry says its key is in an HSM");
        Assert.That(response.Decisions[2].Rotation.RotateNow, Is.True, "the registry says its risk is 80");
        Assert.That(response.Ignored.Select(ignored => ignored.Name), Is.EqualTo(new[] { "device.type" }));
    }

    [TestCase("gateway", "plc-0042", true)]
    [TestCase("gateway", "gw-plant7", true)]
    [TestCase("gateway", "", true)]
    [TestCase("gateway", "plc-0099", false)]
    [TestCase("gateway", "not-registered", false)]
    [TestCase("device", "plc-0042", true)]
    [TestCase("device", "", true)]
    [TestCase("device", "sensor-1", false)]
    [TestCase("device", "gw-plant7", false)]
    public async Task A_caller_may_ask_only_about_itself_or_the_devices_of_its_site(string caller, string device, bool isAllowed)
    {
        DecisionService.DecisionServiceClient client = caller == "device" ? _device : _gateway;
        StatusCode decide = await StatusOf(async () => await Ask(client, device: device));
        StatusCode watch = await StatusOf(async () =>
        {
            using AsyncServerStreamingCall<WatchResponse> call = client.Watch(new WatchRequest { DeviceId = device });
            await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
        });

        Assert.That((decide, watch), Is.EqualTo(isAllowed ? (StatusCode.OK, StatusCode.OK) : (StatusCode.PermissionDenied, StatusCode.PermissionDenied)));
        if (!isAllowed)
            Assert.That(_pdp.Log.Lines, Has.Some.StartsWith("Warning: denied /policym2m.v1.DecisionService/Decide").And.Some.Contains($"it asked about {device}:"));
    }

    [Test]
    public async Task A_caller_is_not_told_which_devices_there_are()
    {
        RpcException? elsewhere = await Assert.ThrowsAsync<RpcException>(async () => await Ask(_gateway, device: "plc-0099"));
        RpcException? nowhere = await Assert.ThrowsAsync<RpcException>(async () => await Ask(_gateway, device: "plc-0098"));

        Assert.That(elsewhere!.Status.Detail.Replace("plc-0099", "plc-0098", StringComparison.Ordinal), Is.EqualTo(nowhere!.Status.Detail));
    }

    private static IEnumerable<TestCaseData> TooMuch()
    {
        static TestCaseData Case(string name, Action<DecideRequest> spoil) => new TestCaseData(spoil).SetArgDisplayNames(name);
        yield return Case("257 attributes", request =>
        {
            for (int i = 0; i < 257; i++)
                request.Attributes[$"a{i}"] = new AttributeValue { Boolean = true };
        });
        yield return Case("a long name", request => request.Attributes[new string('a', 129)] = new AttributeValue { Boolean = true });
        yield return Case("no name", request => request.Attributes[""] = new AttributeValue { Boolean = true });
        yield return Case("a long text", request => request.Attributes["a"] = new AttributeValue { Text = new string('ä', 513) });
        yield return Case("no value", request => request.Attributes["a"] = new AttributeValue());
        yield return Case("no kind", request => request.Kinds.Add(DecisionKind.Unspecified));
        yield return Case("a kind of the future", request => request.Kinds.Add((DecisionKind)99));
        yield return Case("a kind twice", request => request.Kinds.AddRange([DecisionKind.Auth, DecisionKind.Auth]));
        yield return Case("a path for an id", request => request.DeviceId = "../plc-0042");
        yield return Case("a long id", request => request.DeviceId = new string('x', 257));
    }

    [TestCaseSource(nameof(TooMuch))]
    public async Task A_request_beyond_its_limits_is_an_invalid_argument(Action<DecideRequest> spoil)
    {
        var request = new DecideRequest();
        spoil(request);

        Assert.That(await StatusOf(async () => await _device.DecideAsync(request)), Is.EqualTo(StatusCode.InvalidArgument));
    }

    [Test]
    public async Task A_request_at_its_limits_is_answered()
    {
        var request = new DecideRequest();
        for (int i = 0; i < 256; i++)
            request.Attributes[$"a{i}".PadRight(128, 'x')] = new AttributeValue { Text = new string('x', 1_024) };

        Assert.That((await _device.DecideAsync(request)).Ignored, Has.Count.EqualTo(256));
    }

    [Test]
    public async Task A_message_that_is_too_large_is_not_read()
    {
        var request = new DecideRequest();
        request.Attributes["a"] = new AttributeValue { Text = new string('x', 600_000) };

        Assert.That(await StatusOf(async () => await _device.DecideAsync(request)), Is.EqualTo(StatusCode.ResourceExhausted));
    }

    private static async Task<DecideResponse> Ask(
        DecisionService.DecisionServiceClient client, IEnumerable<(string Name, string Text)>? claims = null, IEnumerable<DecisionKind>? kinds = null, string device = "")
    {
        var request = new DecideRequest { DeviceId = device };
        foreach ((string name, string text) in claims ?? [])
            request.Attributes[name] = long.TryParse(text, out long number) ? new AttributeValue { Integer = number } : new AttributeValue { Text = text };
        request.Kinds.AddRange(kinds ?? []);
        return await client.DecideAsync(request);
    }

    private static async Task<StatusCode> StatusOf(Func<Task> call)
    {
        try
        {
            await call();
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }
}
