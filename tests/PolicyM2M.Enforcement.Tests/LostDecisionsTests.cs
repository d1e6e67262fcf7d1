using Grpc.Core;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>The decisions on disk are damaged or gone, and the bundle beside them is whole.</summary>
internal sealed class LostDecisionsTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [TestCase("damaged")]
    [TestCase("gone")]
    public async Task The_bundle_answers_offline_and_nothing_is_fresh_by_it(string how)
    {
        await using var world = new ClientWorld();
        await HoldAsync(world);
        await world.Pdp.KillAsync();
        Lose(world, how);
        PolicyClient second = Connect(world);
        DeviceDecision local = (await second.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0];
        Assert.That((local.Source, local.IsLocal, local.Decision!.Rules[0].Label), Is.EqualTo((DecisionSource.Stale, true, "auth case 1")));
        Assert.That((await second.DecideAsync(ScriptedBundle.NeverAsked, [DecisionKind.CipherSuites]))[0].Source, Is.EqualTo(DecisionSource.Denied), "what rests on the registry is gone with its statement");
        Assert.That(world.Events.OfType<ClientEvent.CacheDiscarded>().Count(), Is.EqualTo(how == "damaged" ? 1 : 0));
        world.Time.Advance(TimeSpan.FromDays(2));
        Assert.That((await second.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Denied), "nothing outlives what vouches for the bundle");
    }

    [TestCase(StatusCode.PermissionDenied)]
    [TestCase(StatusCode.Unauthenticated)]
    public async Task Who_was_refused_does_not_get_back_what_it_had_by_losing_them(StatusCode status)
    {
        await using var world = new ClientWorld();
        await HoldAsync(world, status);
        await world.Pdp.KillAsync();
        Lose(world, "damaged");
        Assert.That((await Connect(world).DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Denied));
        Assert.That(File.Exists(world.CachePath + ".bundle"), Is.False);
    }

    [Test]
    public async Task Policies_from_before_those_that_were_seen_are_refused_all_the_same()
    {
        await using var world = new ClientWorld();
        world.Script.ActivatedAt = world.Time.Start;
        await HoldAsync(world);
        await world.Pdp.KillAsync();
        Lose(world, "damaged");
        world.Pdp = world.Pdp.Restart();
        world.Script.ActivatedAt = world.Time.Start.AddDays(-1);
        world.Script.Publish(new Wire.RevisionId("0000", "bbbb"));
        await using PolicyClient second = Connect(world);
        Assert.That((await world.SeenAsync<ClientEvent.RevisionRefused>()).Revision.BundleHash, Is.EqualTo("bbbb"));
    }

    [Test]
    public async Task A_bundle_that_cannot_be_believed_either_is_thrown_away_and_that_is_told()
    {
        await using var world = new ClientWorld();
        await HoldAsync(world);
        await world.Pdp.KillAsync();
        Damage(world.CachePath);
        Damage(world.CachePath + ".bundle");
        Assert.That((await Connect(world).DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Denied));
        Assert.That(world.Events.OfType<ClientEvent.CacheDiscarded>().Select(told => told.Reason[..12]), Is.EqualTo(new[] { "it was alter", "the bundle: " }));
        Assert.That(File.Exists(world.CachePath + ".bundle"), Is.False);
    }

    [Test]
    public async Task Policies_that_were_seen_and_whose_bundle_could_not_be_had_are_not_forgotten_with_them()
    {
        await using var world = new ClientWorld();
        world.Script.ActivatedAt = world.Time.Start;
        ScriptedBundle.Serve(world);
        await using (PolicyClient first = Connect(world))
        {
            await first.DecideAsync(ClientWorld.Context, Auth);
            await world.SeenAsync<ClientEvent.BundleHeld>();
            byte[] before = await File.ReadAllBytesAsync(world.CachePath + ".bundle");
            world.Script.Bundle = _ => throw new RpcException(new Status(StatusCode.Unavailable, "scripted"));
            world.Script.ActivatedAt = world.Time.Start.AddMinutes(1);
            world.Script.Publish(new Wire.RevisionId("2222", "bbbb"));
            await world.SeenAsync<ClientEvent.RevisionChanged>();
            for (int i = 0; i < 1500 && (await File.ReadAllBytesAsync(world.CachePath + ".bundle")).AsSpan().SequenceEqual(before); i++)
                await Task.Delay(20);
        }
        await world.Pdp.KillAsync();
        Lose(world, "gone");
        Assert.That((await Connect(world).DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Denied));
    }

    private static async Task HoldAsync(ClientWorld world, StatusCode? refused = null)
    {
        ScriptedBundle.Serve(world);
        await using PolicyClient first = Connect(world);
        await first.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.BundleHeld>();
        if (refused is null)
            return;
        world.Script.Refuses = refused;
        await first.DecideAsync(ClientWorld.Context, Auth, refresh: true);
    }

    private static void Lose(ClientWorld world, string how)
    {
        if (how == "gone")
        {
            File.Delete(world.CachePath);
            return;
        }
        Damage(world.CachePath);
    }

    private static void Damage(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static PolicyClient Connect(ClientWorld world) => world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
}
