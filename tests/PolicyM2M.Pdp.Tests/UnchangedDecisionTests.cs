using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What a watcher is told of its decisions when a revision comes.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class UnchangedDecisionTests
{
    private static readonly (string Path, string Text) Windows = ("policies/baseline.m2m", """
        policy baseline "Decisions that may be kept."

        cipher-suites {
          when firmware.version < 2.0.0   deny "too old"
          otherwise                       use { versions 1.3  suites TLS_AES_256_GCM_SHA384  fresh-for 1h  usable-for 3d }
        }

        auth { otherwise use { mutual required  methods spiffe-x509  fresh-for 1h  usable-for 3d } }

        rotation {
          when posture.risk >= 60   use { lifetime 1d  fresh-for 1h  usable-for 1d }
          otherwise                 use { lifetime 30d  fresh-for 1h  usable-for 1d }
        }

        """);

    private RunningPdp _pdp = null!;

    [SetUp]
    public async Task Start()
    {
        _pdp = RunningPdp.Prepare();
        _pdp.Git.Commit("Test policies", [.. TestPolicies.Files().Where(file => file.Path != Windows.Path), Windows]);
        _pdp.WriteRegistry(TestRegistry.Json);
        await _pdp.StartServerAsync();
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task Those_that_hold_on_everywhere_in_their_regions_are_named_and_the_others_are_not()
    {
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = device.Watch(new WatchRequest());
        Assert.That((await Next(watch)).UnchangedDecisions, Is.Empty, "it has none");
        ByteString[] had = await Ask(device, "plc-0042");

        Commit("lifetime 30d", "lifetime 20d");
        Assert.That((await Next(watch)).UnchangedDecisions, Is.EquivalentTo(had[..2]));
        ByteString[] rotation = await Ask(device, "plc-0042", DecisionKind.Rotation);
        Commit("lifetime 30d", "lifetime 20d", "\n// nothing else\n");
        Assert.That((await Next(watch)).UnchangedDecisions, Is.EquivalentTo(had[..2].Concat(rotation)), "another commit, the same policies");
        Commit("firmware.version < 2.0.0", "firmware.version < 3.0.0");
        Assert.That((await Next(watch)).UnchangedDecisions, Is.EquivalentTo(had[1..2]), "the device's firmware is 2.4.0, and its region has 3.0 as well");
    }

    [Test]
    public async Task What_the_next_revision_decides_otherwise_before_it_may_be_used_no_more_is_not_named()
    {
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = device.Watch(new WatchRequest());
        await Next(watch);
        ByteString[] had = await Ask(device, "plc-0042");
        DateTimeOffset now = TimeProvider.System.GetUtcNow();

        Commit("auth { otherwise", $"auth {{ when time.now >= {now.AddDays(9):yyyy-MM-ddTHH:mmZ} deny \"no more\"  otherwise");
        Assert.That((await Next(watch)).UnchangedDecisions, Is.EquivalentTo(had), "it may be used for three days");
        Commit("auth { otherwise", $"auth {{ when time.now >= {now.AddDays(1):yyyy-MM-ddTHH:mmZ} deny \"no more\"  otherwise");
        Assert.That((await Next(watch)).UnchangedDecisions, Is.EquivalentTo(new[] { had[0], had[2] }));
    }

    [Test]
    public async Task A_roll_back_brings_back_what_the_device_may_still_have()
    {
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = device.Watch(new WatchRequest());
        string first = (await Next(watch)).Revision.CommitId;
        await Ask(device, "plc-0042");
        Commit("use { mutual required", "use { mutual optional");
        WatchResponse second = await Next(watch);
        Assert.That(second.UnchangedDecisions, Has.Count.EqualTo(2));
        ByteString[] auth = await Ask(device, "plc-0042", DecisionKind.Auth);
        await _pdp.PoliciesAs("operator").RollBackAsync(new RollBackRequest { ExpectedActive = second.Revision.CommitId, Reason = "test" });

        WatchResponse back = await Next(watch);
        Assert.That(back.Revision.CommitId, Is.EqualTo(first));
        Assert.That(back.UnchangedDecisions, Has.Count.EqualTo(2).And.No.Member(auth[0]));
    }

    [Test]
    public async Task Each_watcher_hears_of_what_the_same_caller_was_given_about_the_same_device()
    {
        DecisionService.DecisionServiceClient gateway = _pdp.DecisionsAs("gateway"), elsewhere = _pdp.DecisionsAs("gateway");
        using AsyncServerStreamingCall<WatchResponse> calm = gateway.Watch(new WatchRequest { DeviceId = "plc-0042" }), risky = gateway.Watch(new WatchRequest { DeviceId = "sensor-1" }),
            other = gateway.Watch(new WatchRequest { DeviceId = "gw-plant7" }), device = _pdp.DecisionsAs("device").Watch(new WatchRequest());
        foreach (AsyncServerStreamingCall<WatchResponse> watch in new[] { calm, risky, other, device })
            await Next(watch);
        ByteString[] ofCalm = await Ask(gateway, "plc-0042"), ofRisky = await Ask(elsewhere, "sensor-1");

        Commit("lifetime 1d", "lifetime 2d");

        Assert.That((await Next(calm)).UnchangedDecisions, Is.EquivalentTo(ofCalm));
        Assert.That((await Next(risky)).UnchangedDecisions, Is.EquivalentTo(ofRisky[..2]), "over another connection");
        Assert.That((await Next(other)).UnchangedDecisions, Is.Empty);
        Assert.That((await Next(device)).UnchangedDecisions, Is.Empty, "its gateway asked, and not it");
    }

    [Test]
    public async Task A_change_of_the_registry_says_nothing_of_revisions()
    {
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = device.Watch(new WatchRequest());
        await Next(watch);
        await Ask(device, "plc-0042");
        await _pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 70 });
        Assert.That((await Next(watch)).UnchangedDecisions, Is.Empty);
    }

    private void Commit(string old, string @new, string more = "") => _pdp.Git.Commit("Change", (Windows.Path, Windows.Text.Replace(old, @new, StringComparison.Ordinal) + more));

    /// <summary>Asks twice: what comes from the memory of answers counts like what was made for it. Returns the digests in the order of the kinds.</summary>
    private static async Task<ByteString[]> Ask(DecisionService.DecisionServiceClient client, string device, params DecisionKind[] kinds)
    {
        var request = new DecideRequest { DeviceId = device, Form = DecisionForm.Signed, Kinds = { kinds } };
        request.Attributes["firmware.version"] = new AttributeValue { Text = "2.4.0" };
        request.Attributes["device.type"] = new AttributeValue { Text = "plc" };
        await client.DecideAsync(request);
        return [.. (await client.DecideAsync(request)).SignedDecisions.Select(signed => ByteString.CopyFrom(SHA256.HashData(signed.Payload.Span)))];
    }

    private static async Task<WatchResponse> Next(AsyncServerStreamingCall<WatchResponse> watch)
    {
        Assert.That(await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken), Is.True);
        return watch.ResponseStream.Current;
    }
}
