using System.Collections.Immutable;
using System.Security.Cryptography;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>One decision answers all who lie in its region, and nobody else.</summary>
internal sealed class RegionCacheTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [Test]
    public async Task A_decision_answers_another_device_in_its_region_once_the_decision_point_spoke_of_that()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        ClaimSet other = client.Prepare(ClientWorld.Context, "plc-8");
        Assert.That(client.TryDecide(DecisionKind.Rotation, other, out DeviceDecision nothing), Is.False, "nobody has said that plc-8 may have anything");
        Assert.That(nothing.Outcome.IsDenied, Is.True);
        await client.DecideAsync(other, Auth);
        Assert.That(client.TryDecide(DecisionKind.Rotation, other, out DeviceDecision shared), Is.True);
        Assert.That((shared.Source, world.Pdp.Calls), Is.EqualTo((DecisionSource.Cached, 2)));
    }

    [Test]
    public async Task A_decision_made_for_a_device_in_good_standing_does_not_answer_one_in_bad()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Stated["lifecycle.state"] = "active";
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Stated["lifecycle.state"] = "quarantined";
        ClaimSet other = client.Prepare(ClientWorld.Context.With("lifecycle.state", AttributeValue.Of("active")), "plc-8");
        await client.DecideAsync(other, Auth);
        Assert.That(client.TryDecide(DecisionKind.Rotation, other, out _), Is.False, "what a device claims of itself is not vouched for");
        Assert.That(client.TryDecide(DecisionKind.Rotation, client.Prepare(ClientWorld.Context), out _), Is.True);
    }

    [Test]
    public async Task Whoever_asks_again_is_answered_without_allocating()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ClaimSet claims = client.Prepare(ClientWorld.Context);
        await client.DecideAsync(claims, DecisionKinds.All);
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out DeviceDecision first), Is.True);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isSame = true;
        for (int i = 0; i < 1_000; i++)
            isSame &= client.TryDecide(DecisionKind.Auth, claims, out DeviceDecision again) && ReferenceEquals(again, first);
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before, isSame), Is.EqualTo((0, true)));
        world.Time.Advance(TimeSpan.FromHours(2));
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out _), Is.False, "the last answer ends when the decision does");
    }

    [Test]
    public async Task A_new_revision_outdates_what_it_changes_and_nothing_else()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ClaimSet claims = client.Prepare(ClientWorld.Context);
        ImmutableArray<DeviceDecision> answers = await client.DecideAsync(claims, DecisionKinds.All);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Publish(new RevisionId("2222", "bbbb"), SHA256.HashData(answers[(int)DecisionKind.Auth].Signed!.Decision.Payload.Span));
        await world.SeenAsync<ClientEvent.RevisionChanged>();
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out DeviceDecision same), Is.True);
        Assert.That((same.Source, same.Revision!.CommitId), Is.EqualTo((DecisionSource.Cached, "1111")));
        Assert.That(client.TryDecide(DecisionKind.Rotation, claims, out _), Is.False);
        Assert.That(world.Pdp.Calls, Is.EqualTo(1));
    }

    [Test]
    public async Task What_is_handed_on_is_what_was_received()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Stated["lifecycle.state"] = "active";
        foreach (DecisionSource expected in new[] { DecisionSource.Live, DecisionSource.Cached })
        {
            DeviceDecision decision = (await client.DecisionFor("plc-9", ClientWorld.Context, Auth))[0];
            Assert.That(decision.Source, Is.EqualTo(expected));
            Assert.That(world.Script.Signer.Trusted.Decision(decision.Signed!.Decision).Outcome, Is.EqualTo(decision.Outcome));
            Assert.That(world.Script.Signer.Trusted.Statement(decision.Signed.Statement!).DeviceId, Is.EqualTo("plc-9"));
        }
    }

    [Test]
    public async Task A_gateway_that_may_not_speak_for_a_device_forgets_that_device_only()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        ClaimSet own = client.Prepare(ClientWorld.Context), other = client.Prepare(ClientWorld.Context, "plc-8");
        await client.DecideAsync(own, Auth);
        await client.DecideAsync(other, Auth);
        world.Script.Refuses = Grpc.Core.StatusCode.PermissionDenied;
        await client.DecideAsync(other, Auth, refresh: true);
        Assert.That((client.TryDecide(DecisionKind.Auth, other, out _), client.TryDecide(DecisionKind.Auth, own, out _)), Is.EqualTo((false, true)));
    }

    [Test]
    public async Task What_is_in_use_is_asked_for_before_it_ends_and_what_is_not_is_left()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Time.Advance(TimeSpan.FromMinutes(55));
        await Until(() => client.Status.OldestFreshUntil > world.Time.Start.AddMinutes(100));
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth))[0].FreshUntil, Is.GreaterThan(world.Time.Start.AddMinutes(100)));
        Assert.That(world.Pdp.Calls, Is.EqualTo(2), "nobody waited for it");

        // A sensor is in use from now on, and the plc not any more.
        DeviceContext sensor = ClientWorld.Context.With("device.type", AttributeValue.Of("sensor"));
        var asked = new System.Collections.Concurrent.ConcurrentQueue<string>();
        world.Script.Hold = request =>
        {
            asked.Enqueue(request.Attributes["device.type"].Text);
            return Task.CompletedTask;
        };
        await client.DecideAsync(sensor, Auth);
        for (int round = 0; round < 3; round++)
        {
            world.Time.Advance(TimeSpan.FromMinutes(55));
            DateTimeOffset anew = world.Time.GetUtcNow().AddMinutes(50);
            for (int i = 0; i < 1500 && (await client.DecideAsync(sensor, Auth))[0].FreshUntil < anew; i++)
                await Task.Delay(20);
        }
        Assert.That(asked.CountBy(type => type), Is.EquivalentTo(new[] { KeyValuePair.Create("sensor", 4), KeyValuePair.Create("plc", 1) }), "what was asked for anew, and not used since, is left");
    }

    [Test]
    public async Task The_keys_are_fetched_again_once_when_an_answer_is_signed_by_one_that_is_not_known()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        int before = world.Script.KeyCalls;
        world.Script.Signer = new TestSigner(world.Time);
        Assert.That((await client.DecideAsync(ClientWorld.Context, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Live));
        Assert.That(world.Script.KeyCalls, Is.EqualTo(before + 1));
        await world.SeenAsync<ClientEvent.KeysChanged>(told => told.KeyIds.Contains(world.Script.Signer.KeyId));
    }

    [Test]
    public async Task What_was_signed_by_a_key_that_is_served_no_more_is_worthless()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Signer = new TestSigner(world.Time);
        await client.DecideAsync(ClientWorld.Context.With("device.type", AttributeValue.Of("sensor")), Auth);
        Assert.That((await world.OfflineAfterAsync(client, TimeSpan.Zero)).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task Status_says_how_the_client_stands()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        ClientStatus status = client.Status;
        Assert.That((status.IsConnected, status.State, status.Revision, status.Cached), Is.EqualTo((true, DecisionSource.Live, new RevisionId("1111", "aaaa"), 3)));
        Assert.That(status.Endpoints, Is.EqualTo(new[] { new EndpointStatus(world.Pdp.Endpoint, true, true) }));
        Assert.That((status.OldestFreshUntil, status.CachedBytes > 0), Is.EqualTo((world.Time.Start.AddHours(1), true)));
    }

    /// <summary>The state itself is waited for; the bound only keeps a broken client from hanging the suite.</summary>
    private static async Task Until(Func<bool> holds)
    {
        for (int i = 0; i < 1500 && !holds(); i++)
            await Task.Delay(20);
        Assert.That(holds(), Is.True);
    }
}
