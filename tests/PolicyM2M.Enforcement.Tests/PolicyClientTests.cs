using System.Collections.Immutable;
using Grpc.Core;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>The rows of DESIGN section 7 that concern the device, over real mutual TLS.</summary>
internal sealed class PolicyClientTests
{
    [Test]
    public async Task A_first_answer_is_live_and_a_second_needs_no_call()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
        Assert.That(world.Pdp.Calls, Is.EqualTo(1));
        Assert.That((await client.DecideAsync(ClientWorld.Context, refresh: true)).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Live));
    }

    // fresh for 1 h, usable for 3 d
    [TestCase(0, DecisionSource.Cached)]
    [TestCase(59 * 60, DecisionSource.Cached)]
    [TestCase(60 * 60, DecisionSource.Stale)]
    [TestCase(3 * 86400 - 60, DecisionSource.Stale)]
    [TestCase(3 * 86400, DecisionSource.Denied)]
    [TestCase(365 * 86400, DecisionSource.Denied)]
    public async Task While_nobody_answers_the_windows_decide(int seconds, DecisionSource expected)
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ImmutableArray<DeviceDecision> live = await client.DecideAsync(ClientWorld.Context);
        ImmutableArray<DeviceDecision> offline = await world.OfflineAfterAsync(client, TimeSpan.FromSeconds(seconds));
        Assert.That(offline.Select(d => d.Source), Is.All.EqualTo(expected));
        Assert.That(offline.Select(d => d.Outcome.IsDenied), Is.All.EqualTo(expected == DecisionSource.Denied));
        if (expected != DecisionSource.Denied)
            Assert.That(offline.Select(d => (d.Outcome, d.Revision)), Is.EqualTo(live.Select(d => (d.Outcome, d.Revision))));
    }

    [Test]
    public async Task What_was_never_asked_is_denied_while_nobody_answers()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();
        ImmutableArray<DeviceDecision> other = await client.DecideAsync(ClientWorld.Context.With("device.type", AttributeValue.Of("sensor")));
        Assert.That(other.Select(d => (d.Source, d.Outcome.IsDenied)), Is.All.EqualTo((DecisionSource.Denied, true)));
    }

    [Test]
    public async Task Decisions_outlive_the_process_and_a_decision_point_that_returns_is_asked_again()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();

        PolicyClient second = world.Connect();
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Cached));
        world.Time.Advance(TimeSpan.FromHours(2));
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Stale));
        world.Events.Clear();
        world.Pdp = world.Pdp.Restart();
        await world.SeenAsync<ClientEvent.Connected>();
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Live));
    }

    [Test]
    public async Task A_new_revision_makes_what_is_kept_not_fresh_but_it_stays_usable()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Publish(new RevisionId("2222", "bbbb"));
        await world.SeenAsync<ClientEvent.RevisionChanged>();
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Stale));
        world.Events.Clear();
        world.Pdp = world.Pdp.Restart();
        await world.SeenAsync<ClientEvent.Connected>(connected => connected.Revision.CommitId == "2222");
        DeviceDecision decision = (await client.DecideAsync(ClientWorld.Context))[0];
        Assert.That((decision.Source, decision.Revision!.CommitId), Is.EqualTo((DecisionSource.Live, "2222")));
    }

    [TestCase(StatusCode.PermissionDenied)]
    [TestCase(StatusCode.Unauthenticated)]
    public async Task Who_is_not_welcome_any_more_has_nothing_kept_to_go_by(StatusCode status)
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Refuses = status;
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
        Assert.That((await world.OfflineAfterAsync(client, TimeSpan.Zero)).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task A_revision_that_needs_another_attribute_gets_it_at_once()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        world.Script.Needed = ["device.type", "shoe.size"];
        world.Script.Publish(new RevisionId("2222", "bbbb"));
        PolicyClient second = world.Connect();
        await second.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(world.Pdp.LastAttributes, Is.EqualTo(["device.type", "shoe.size"]));
    }

    [Test]
    public async Task A_revision_that_needs_another_attribute_takes_away_nothing_that_is_kept()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Needed = ["device.type", "shoe.size"];
        world.Script.Publish(new RevisionId("2222", "bbbb"));
        await world.SeenAsync<ClientEvent.RevisionChanged>();
        Assert.That((await world.OfflineAfterAsync(client, TimeSpan.Zero)).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Stale));
    }

    [Test]
    public async Task A_commit_that_changes_no_policy_supersedes_nothing()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Publish(new RevisionId("2222", world.Script.Revision.BundleHash));
        await world.SeenAsync<ClientEvent.Connected>();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task A_wait_for_a_decision_point_that_says_nothing_can_be_ended()
    {
        await using var world = new ClientWorld();
        await world.Pdp.KillAsync();
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, world.Pdp.Endpoint.Port);
        silent.Start();
        PolicyClient client = world.Connect();
        using var ending = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.That(async () => await client.DecideAsync(ClientWorld.Context, cancellation: ending.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task The_latest_time_seen_is_written_while_answers_come_from_the_cache()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        byte[] before = await File.ReadAllBytesAsync(world.CachePath);
        world.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
        Assert.That(() => File.ReadAllBytes(world.CachePath), Is.Not.EqualTo(before).After(60).Seconds.PollEvery(50).MilliSeconds);
    }

    [TestCase(StatusCode.PermissionDenied)]
    [TestCase(StatusCode.Unauthenticated)]
    [TestCase(StatusCode.InvalidArgument)]
    [TestCase(StatusCode.Unimplemented)]
    public async Task An_answer_that_is_no_is_never_bridged_by_the_cache(StatusCode status)
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Refuses = status;
        ImmutableArray<DeviceDecision> refused = await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(refused.Select(d => (d.Source, d.Outcome.IsDenied)), Is.All.EqualTo((DecisionSource.Denied, true)));
        await world.SeenAsync<ClientEvent.Refused>();
    }

    [Test]
    public async Task An_answer_that_makes_no_sense_is_a_denial()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Forge = decision => decision.Revision = null;
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
        world.Script.Forge = decision => decision.Kind = Wire.V1.DecisionKind.Auth;
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task Only_what_the_policies_test_is_sent_once_that_is_known()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(world.Pdp.LastAttributes, Is.EqualTo(["device.type"]));
        Assert.That((await client.DecideAsync(ClientWorld.Context.With("shoe.size", AttributeValue.Of(44))))[0].Source, Is.EqualTo(DecisionSource.Cached), "what is not tested makes no other question");
    }

    [Test]
    public async Task A_clock_set_back_makes_nothing_fresh_and_nothing_usable_for_longer()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
        {
            await first.DecideAsync(ClientWorld.Context);
            world.Time.SetBy(TimeSpan.FromDays(-30));
            world.Time.Advance(TimeSpan.FromHours(2));
            await world.Pdp.KillAsync();
            Assert.That(await ClientWorld.SourceAsync(first), Is.EqualTo(DecisionSource.Stale), "within a process elapsed time counts, whatever the clock says");
            Assert.That(first.Time.GetUtcNow(), Is.EqualTo(world.Time.Start.AddHours(2)));
        }
        PolicyClient second = world.Connect();
        await world.SeenAsync<ClientEvent.ClockSetBack>();
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Stale), "nothing is fresh by a clock that ran backwards");
        Assert.That(second.Time.GetUtcNow(), Is.GreaterThanOrEqualTo(world.Time.Start.AddHours(2)), "nor is a certificate valid again");
        world.Time.Advance(TimeSpan.FromDays(3));
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task A_decision_that_may_not_be_kept_is_not()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.FreshFor = world.Script.UsableFor = TimeSpan.Zero;
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
        Assert.That((await world.OfflineAfterAsync(client, TimeSpan.Zero)).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task A_server_of_another_authority_is_not_believed()
    {
        await using var world = new ClientWorld();
        using var others = new TestCertificates();
        await world.Pdp.KillAsync();
        await using ScriptedPdp impostor = ScriptedPdp.Start(others, world.Script);
        world.Pdp = impostor;
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Denied));
        Assert.That(impostor.Calls, Is.Zero);
    }

    [Test]
    public async Task A_server_of_the_right_authority_under_another_name_is_not_believed()
    {
        await using var world = new ClientWorld(serverName: "other.test.example");
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Denied));
        Assert.That(world.Pdp.Calls, Is.Zero);
    }

    [Test]
    public async Task Many_callers_make_one_call()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.DecideAsync(ClientWorld.Context)));
        Assert.That(world.Pdp.Calls, Is.EqualTo(1));
    }

    [Test]
    public async Task A_cache_of_another_device_is_discarded_and_reported()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect("plc-1"))
            await first.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(world.Connect("plc-2", keyOf: "plc-1")), Is.EqualTo(DecisionSource.Denied));
        Assert.That((await world.SeenAsync<ClientEvent.CacheDiscarded>()).Reason, Does.Contain("is not that of").And.Contain("plc-2"));
    }

    [Test]
    public async Task A_cache_written_under_another_key_is_discarded_and_reported()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(world.Connect(keyOf: "somebody")), Is.EqualTo(DecisionSource.Denied));
        await world.SeenAsync<ClientEvent.CacheDiscarded>();
    }

    [Test]
    public async Task A_disk_that_cannot_be_written_costs_the_cache_and_not_the_answer()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        Directory.CreateDirectory(world.CachePath + ".next");
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
        await world.SeenAsync<ClientEvent.CacheNotWritten>();
        Directory.Delete(world.CachePath + ".next");
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Only_this_user_can_read_the_cache_and_its_key()
    {
        await using var world = new ClientWorld();
        await world.Connect().DecideAsync(ClientWorld.Context, DecisionKinds.All);
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.That(File.GetUnixFileMode(world.CachePath), Is.EqualTo(OwnerOnly));
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(Path.GetDirectoryName(world.CachePath))!, "*.cache-key").Select(File.GetUnixFileMode), Is.EqualTo([OwnerOnly]));
    }
}
