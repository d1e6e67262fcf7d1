using System.Collections.Immutable;
using Google.Protobuf;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A sound store with one record that is not: it is thrown away, reported, and never answers.</summary>
internal sealed class StoredRecordTests
{
    [Test]
    public async Task A_decision_with_a_bad_signature()
    {
        await using ClientWorld world = await KeptAsync();
        Change(world, content => content with { Decisions = [.. content.Decisions.Select(kept => new KeptDecision(Forged(kept.Signed), kept.Decision, true) { FreshUntil = kept.FreshUntil, UsableUntil = kept.UsableUntil })] });
        await DiscardedAsync(world, "is not signed by a key that is trusted");
    }

    [Test]
    public async Task A_statement_with_a_bad_signature()
    {
        await using ClientWorld world = await KeptAsync();
        ChangeStatement(world, held => held with { Signed = Forged(held.Signed) });
        await DiscardedAsync(world, "the statement about plc-1");
    }

    [Test]
    public async Task A_statement_of_another_device()
    {
        await using ClientWorld world = await KeptAsync();
        ChangeStatement(world, held =>
        {
            Wire.V1.SignedPayload others = world.Script.Statement("plc-2");
            return new HeldStatement(others, world.Script.Signer.Trusted.Statement(others), held.FreshUntil, held.ValidUntil, true);
        });
        await DiscardedAsync(world, "the statement about plc-1");
    }

    [Test]
    public async Task A_statement_that_has_ended()
    {
        await using ClientWorld world = await KeptAsync();
        Wire.V1.SignedPayload ended = world.Script.Statement("plc-1");
        world.Time.Advance(world.Script.StatementHolds + TimeSpan.FromMinutes(1));
        // Only what was signed says that it has ended: the record beside it says another time.
        ChangeStatement(world, held => held with { Signed = ended, FreshUntil = DateTimeOffset.MaxValue, ValidUntil = DateTimeOffset.MaxValue });
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task Windows_that_are_longer_than_those_that_were_signed_are_cut()
    {
        await using ClientWorld world = await KeptAsync();
        Change(world, content => content with
        {
            Decisions = [.. content.Decisions.Select(kept => new KeptDecision(kept.Signed, kept.Decision, true) { FreshUntil = DateTimeOffset.MaxValue, UsableUntil = DateTimeOffset.MaxValue })],
        });
        ChangeStatement(world, held => held with { FreshUntil = DateTimeOffset.MaxValue, ValidUntil = DateTimeOffset.MaxValue });
        PolicyClient client = world.Connect();
        DeviceDecision kept = (await client.DecideAsync(ClientWorld.Context))[0];
        Assert.That((kept.Source, kept.FreshUntil, kept.UsableUntil), Is.EqualTo((DecisionSource.Cached, (DateTimeOffset?)world.Time.Start.AddHours(1), (DateTimeOffset?)world.Time.Start.AddHours(1))), "that of the statement ends first");
    }

    [Test]
    public async Task What_a_decision_point_signed_that_was_taken_out_of_the_options_is_worthless_before_another_was_reached()
    {
        await using var world = new ClientWorld();
        await using (ScriptedPdp left = world.Second(new PdpScript(world.Time)))
        await using (PolicyClient first = world.Connect(with: options => options with { Endpoint = left.Endpoint }))
            Assert.That(await ClientWorld.SourceAsync(first), Is.EqualTo(DecisionSource.Live));
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Denied));
        Assert.That(world.Events.OfType<ClientEvent.CacheSetAside>(), Has.Exactly(1).Items);
    }

    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [TestCase(false)]
    [TestCase(true)]
    public async Task What_is_kept_outlives_another_list_of_decision_points_that_nobody_answers_and_no_other_answer(bool isAnswered)
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world);
        ScriptedPdp left = world.Second(world.Script);
        PolicyClientOptions Right(PolicyClientOptions options) => options with { Endpoint = left.Endpoint, Mode = DecisionMode.AskThenBundle };
        await using (PolicyClient first = world.Connect(with: Right))
        {
            await first.DecideAsync(ClientWorld.Context);
            await world.SeenAsync<ClientEvent.BundleHeld>();
        }
        await left.DisposeAsync();
        world.Script.Signer = new TestSigner(world.Time);
        world.Script.Stated["lifecycle.state"] = "active";
        if (!isAnswered)
            await world.Pdp.KillAsync();
        for (int start = 0; start < 2; start++)
        {
            await using PolicyClient other = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
            ImmutableArray<DeviceDecision> answers = [.. await other.DecideAsync(ClientWorld.Context), .. await other.DecideAsync(ScriptedBundle.NeverAsked, Auth)];
            Assert.That(answers.Select(answer => answer.Source == DecisionSource.Denied), Is.All.EqualTo(!isAnswered), string.Join('\n', answers));
        }
        Assert.That(world.Events.OfType<ClientEvent.CacheSetAside>().Count(), Is.EqualTo(isAnswered ? 1 : 2));
        PolicyClient again = world.Connect(with: Right);
        ImmutableArray<DeviceDecision> kept = [.. await again.DecideAsync(ClientWorld.Context), .. await again.DecideAsync(ScriptedBundle.NeverAsked, Auth)];
        Assert.That(kept.Select(answer => answer.Source == DecisionSource.Denied), Is.All.EqualTo(isAnswered), string.Join('\n', kept));
        Assert.That(kept[^1].IsLocal, Is.EqualTo(!isAnswered), "the bundle");
    }

    /// <summary>A device that kept decisions which rest on the registry, and whose decision point is gone.</summary>
    private static async Task<ClientWorld> KeptAsync()
    {
        var world = new ClientWorld();
        world.Script.Stated["lifecycle.state"] = "active";
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();
        return world;
    }

    private static async Task DiscardedAsync(ClientWorld world, string reason)
    {
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Denied));
        Assert.That(world.Events.OfType<ClientEvent.CacheDiscarded>().Select(discarded => discarded.Reason), Has.Some.Contain(reason));
        world.Events.Clear();
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Denied));
        Assert.That(world.Events.OfType<ClientEvent.CacheDiscarded>(), Is.Empty, "it was thrown away");
    }

    private static void ChangeStatement(ClientWorld world, Func<HeldStatement, HeldStatement> change) =>
        Change(world, content => content with { Devices = [.. content.Devices.Select(facts => facts with { Statement = change(facts.Statement!) })] });

    private static void Change(ClientWorld world, Func<StoreContent, StoreContent> change)
    {
        PolicyClientOptions options = world.Options();
        var file = new StoreFile(options.CachePath, "decisions", PolicyClient.DeviceIdOf(options), new StoreKeyFile(options.CacheKeyPath!).Read(), 32 << 20);
        file.Save(StoreFormat.Write(change(file.Load(StoreFormat.Read, out _)!)).Span);
    }

    private static Wire.V1.SignedPayload Forged(Wire.V1.SignedPayload signed)
    {
        Wire.V1.SignedPayload forged = signed.Clone();
        forged.Signature = ByteString.CopyFrom(new byte[64]);
        return forged;
    }
}
