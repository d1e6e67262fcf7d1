using Grpc.Core;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What a gateway hears of the devices behind it without asking, and how many of them it knows.</summary>
internal sealed class GatewayWatchTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [Test]
    public async Task A_change_of_a_device_behind_it_is_heard_and_costs_the_others_nothing()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ClaimSet own = client.Prepare(ClientWorld.Context), other = client.Prepare(ClientWorld.Context, "plc-8");
        await client.DecideAsync(own, Auth);
        await client.DecideAsync(other, Auth);
        await Until(() => world.Script.Watched.Contains("plc-8"));
        Assert.That(client.TryDecide(DecisionKind.Auth, other, out _), Is.True);

        world.Script.Versions["plc-8"] = 7;
        world.Script.Publish(world.Script.Revision);
        await world.SeenAsync<ClientEvent.DeviceChanged>(changed => changed.Device == "plc-8");
        Assert.That((client.TryDecide(DecisionKind.Auth, other, out _), client.TryDecide(DecisionKind.Auth, own, out _)), Is.EqualTo((false, true)));
        await client.DecideAsync(other, Auth);
        Assert.That(client.TryDecide(DecisionKind.Auth, other, out _), Is.True);
    }

    [Test]
    public async Task A_device_behind_it_that_was_revoked_gets_nothing_of_what_is_kept_and_is_left()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ClaimSet own = client.Prepare(ClientWorld.Context), other = client.Prepare(ClientWorld.Context, "plc-8");
        await client.DecideAsync(own, Auth);
        await client.DecideAsync(other, Auth);
        // Its own as well: what the script refuses from now on, it would refuse to that too.
        await Until(() => world.Script.Watched.Length == 2);
        world.Script.RefusesWatchOf.Add("plc-8");
        world.Script.RefusesWatch = StatusCode.PermissionDenied;
        world.Script.EndWatch("plc-8");
        await world.SeenAsync<ClientEvent.Refused>();
        await Until(() => !client.TryDecide(DecisionKind.Auth, other, out _));
        Assert.That(client.TryDecide(DecisionKind.Auth, own, out _), Is.True);
        Assert.That(world.Script.Watched, Is.EqualTo(new[] { "" }));
    }

    [TestCase(StatusCode.Unauthenticated)]
    [TestCase(StatusCode.PermissionDenied)]
    public async Task A_gateway_that_is_refused_the_stream_of_its_devices_keeps_nothing_for_them(StatusCode status)
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ClaimSet other = client.Prepare(ClientWorld.Context, "plc-8");
        await client.DecideAsync(other, Auth);
        await Until(() => world.Script.Watched.Length == 2);
        world.Script.RefusesDevices = status;
        await client.DecideAsync(client.Prepare(ClientWorld.Context, "plc-9"), Auth);
        await Until(() => !client.TryDecide(DecisionKind.Auth, other, out _));
    }

    [Test]
    public async Task A_device_whose_watch_ended_is_watched_again_when_it_is_next_asked_about_also_where_the_answer_is_at_hand()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ClaimSet other = client.Prepare(ClientWorld.Context, "plc-8");
        await client.DecideAsync(other, Auth);
        await Until(() => other.Slot.Facts.Version is not null);
        Assert.That(client.TryDecide(DecisionKind.Auth, other, out _), Is.True);
        world.Script.RefusesWatchOf.Add("plc-8");
        world.Script.RefusesWatch = StatusCode.ResourceExhausted;
        world.Script.EndWatch("plc-8");
        await Until(() => world.Script.RefusedWatches > 0);
        world.Script.RefusesWatchOf.Remove("plc-8");
        await Until(() => client.TryDecide(DecisionKind.Auth, other, out _) && world.Script.Watched.Contains("plc-8"));
    }

    [Test]
    public async Task It_watches_so_many_and_leaves_the_one_that_was_not_asked_about_for_longest()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await Parallel.ForAsync(0, DeviceWatches.Most, async (i, ending) => await client.DecideAsync(client.Prepare(ClientWorld.Context, $"plc-{i + 100}"), Auth, cancellation: ending));
        await client.DecideAsync(client.Prepare(ClientWorld.Context, $"plc-{DeviceWatches.Most + 100}"), Auth);
        await Until(() => world.Script.Watched.Length == DeviceWatches.Most + 1);
        Assert.That(world.Script.Watched, Has.No.Member($"plc-{DeviceWatches.Most + 100}"), "all the others are in use");

        world.Time.Advance(TimeSpan.FromMinutes(2));
        await client.DecideAsync(client.Prepare(ClientWorld.Context, "plc-100"), Auth, refresh: true);
        await client.DecideAsync(client.Prepare(ClientWorld.Context, "plc-99"), Auth);
        await Until(() => world.Script.Watched.Contains("plc-99") && !world.Script.Watched.Contains("plc-101"));
        Assert.That(world.Script.Watched, Has.Member("plc-100").And.Length.EqualTo(DeviceWatches.Most + 1));
    }

    [TestCase(null, 0, 1, ExpectedResult = true, TestName = "Answered by a process before, and no version was kept")]
    [TestCase(null, 5, 9, ExpectedResult = true, TestName = "Answered before the watch began")]
    [TestCase(null, 9, 5, ExpectedResult = false, TestName = "Answered after the watch began")]
    [TestCase(7, 9, 5, ExpectedResult = true, TestName = "Another version")]
    [TestCase(8, 5, 9, ExpectedResult = false, TestName = "The same version")]
    public bool A_version_is_news(int? known, long confirmedBy, long watchedSince) => new DeviceFacts("plc-1")
    {
        Version = known,
        Served = new RevisionStamp(new RevisionId("1111", "aaaa"), null, null),
        ConfirmedBy = confirmedBy,
    }.IsOtherVersion(8, watchedSince);

    [Test]
    public void Names_that_nobody_has_push_out_no_device_and_break_nothing()
    {
        var clock = new DeviceClock(new ManualTime(), null);
        var memory = new DecisionMemory(StoreContent.Empty, clock, "self");
        DeviceSlot self = memory.Self, known = memory.Slot("known");
        memory.Serve("known", new RevisionStamp(new RevisionId("1111", "aaaa"), null, null), [], [], watchedSince: 0);
        var claims = new ClaimSet(ClientWorld.Context, "asked-once", memory.Slot);
        DeviceSlot first = claims.Slot;
        for (int i = 0; i < DeviceTable.MaximumDevices + 500; i++)
            memory.Slot($"nobody-{i}").UsedAt = i + 1;
        Assert.That((memory.Slot("self") == self, memory.Slot("known") == known), Is.EqualTo((true, true)));
        Assert.That((first.IsGone, claims.Slot.IsGone, claims.Slot == memory.Slot("asked-once")), Is.EqualTo((true, false, true)));
    }

    /// <summary>The state itself is waited for; the bound only keeps a broken client from hanging the suite.</summary>
    private static async Task Until(Func<bool> holds)
    {
        for (int i = 0; i < 1500 && !holds(); i++)
            await Task.Delay(20);
        Assert.That(holds(), Is.True);
    }
}
