using Google.Protobuf;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Decisions made on the device, from the signed bundle.</summary>
internal sealed class BundleModeTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [Test]
    public async Task A_decision_that_is_made_here_once_more_allocates_nothing_region_and_windows_included()
    {
        await using var world = new ClientWorld();
        var bundle = Bundle.Read(ScriptedBundle.Serve(world));
        V1.SignedPayload signed = world.Script.Bundle(new V1.GetBundleRequest()).First().Description.Statement;
        ReceivedBundleStatement statement = world.Script.Signer.Trusted.BundleStatement(signed);
        var held = new HeldBundle(bundle, signed, statement, statement.ValidUntil);
        var facts = new DeviceFacts("plc-1");
        PreparedContext context = held.Prepare(new ClaimSet(ScriptedBundle.NeverAsked, "plc-1", _ => new DeviceSlot(facts)), facts);
        bool isMade = held.Decide(DecisionKind.Auth, context, facts, world.Time.Start) is not null;
        // The runtime may make code anew on this thread, once, and allocates for that: what allocates each time does so in all rounds.
        Assert.That((Enumerable.Range(0, 3).Min(_ => Allocated()), isMade), Is.EqualTo((0, true)));

        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1_000; i++)
                isMade &= held.Decide(DecisionKind.Auth, context, facts, world.Time.Start) is { FreshUntil: var until } && until > world.Time.Start;
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Test]
    public async Task What_was_never_asked_is_decided_here_while_nobody_answers()
    {
        await using var world = new ClientWorld();
        byte[] bundle = ScriptedBundle.Serve(world);
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        await client.DecideAsync(ClientWorld.Context, Auth);
        Assert.That((await world.SeenAsync<ClientEvent.BundleHeld>()).Revision.BundleHash, Is.EqualTo(Bundle.Read(bundle).Hash));
        await world.Pdp.KillAsync();
        DeviceDecision local = (await client.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0];
        Assert.That((local.Source, local.IsLocal, local.Signed, local.Decision!.Rules[0].Label), Is.EqualTo((DecisionSource.Cached, true, (SignedDecision?)null, "auth case 1")));
        DeviceDecision denied = (await client.DecideAsync(ClientWorld.Context.With("device.type", AttributeValue.Of("ups")), Auth))[0];
        Assert.That(denied.Outcome.Denial, Does.Contain("and the policies that are held deny: "));
        world.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.That((await client.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Stale), "its windows count from when the bundle was vouched for");
        world.Time.Advance(TimeSpan.FromDays(1));
        Assert.That((await client.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Denied), "nothing outlives what vouches for the bundle");
    }

    [Test]
    public async Task A_bundle_is_there_after_a_restart()
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world);
        await using (PolicyClient first = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle }))
        {
            await first.DecideAsync(ClientWorld.Context, Auth);
            await world.SeenAsync<ClientEvent.BundleHeld>();
        }
        await world.Pdp.KillAsync();
        PolicyClient second = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        Assert.That((await second.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Cached));
        Assert.That(second.Status.Bundle!.Revision, Is.EqualTo(world.Script.Revision));
    }

    [Test]
    public async Task In_the_mode_of_the_bundle_nobody_is_asked_about_contexts()
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world);
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.Bundle });
        await client.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.BundleHeld>();
        int before = world.Pdp.Calls;
        ClaimSet claims = client.Prepare(ScriptedBundle.NeverAsked);
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out DeviceDecision decision), Is.True);
        Assert.That((decision.Source, decision.IsLocal, world.Pdp.Calls), Is.EqualTo((DecisionSource.Cached, true, before)));
        world.Script.DeviceVersion++;
        world.Script.Publish(world.Script.Revision);
        await world.SeenAsync<ClientEvent.DeviceChanged>();
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out _), Is.False, "what the registry says of the device must be had first");
        await client.DecideAsync(claims, Auth);
        Assert.That(world.Pdp.Calls, Is.EqualTo(before + 1));
        Assert.That(client.TryDecide(DecisionKind.Rotation, claims, out _), Is.True);
    }

    [Test]
    public async Task What_rests_on_the_registry_needs_a_statement_that_holds()
    {
        await using var world = new ClientWorld();
        world.Script.Stated["lifecycle.state"] = "active";
        ScriptedBundle.Serve(world);
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        DecisionKind[] suites = [DecisionKind.CipherSuites];
        await client.DecideAsync(ClientWorld.Context, suites);
        await world.SeenAsync<ClientEvent.BundleHeld>();
        await world.Pdp.KillAsync();
        Assert.That((await client.DecideAsync(ScriptedBundle.NeverAsked, suites))[0].IsLocal, Is.True);
        world.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.That((await client.DecideAsync(ScriptedBundle.NeverAsked, suites))[0].Source, Is.EqualTo(DecisionSource.Denied));
        Assert.That((await client.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].Source, Is.EqualTo(DecisionSource.Stale), "this rests on claims alone");
    }

    [Test]
    public async Task A_bundle_whose_signer_is_served_no_more_is_thrown_away_and_had_anew_for_good()
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world);
        await using (PolicyClient first = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle }))
        {
            await first.DecideAsync(ClientWorld.Context, Auth);
            await world.SeenAsync<ClientEvent.BundleHeld>();
            Assert.That(first.CopyBundle()!.Statement.KeyId, Is.EqualTo(world.Script.Signer.KeyId));
            world.Script.Signer = new TestSigner(world.Time);
            await first.DecideAsync(ClientWorld.Context, Auth, refresh: true);
            await world.SeenAsync<ClientEvent.CacheDiscarded>(told => told.Reason.Contains("bundle", StringComparison.Ordinal));
            await world.SeenAsync<ClientEvent.BundleHeld>(_ => world.Events.OfType<ClientEvent.BundleHeld>().Count() == 2);
            Assert.That(first.CopyBundle()!.Statement.KeyId, Is.EqualTo(world.Script.Signer.KeyId));
        }
        await world.Pdp.KillAsync();
        PolicyClient second = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        Assert.That((await second.DecideAsync(ScriptedBundle.NeverAsked, Auth))[0].IsLocal, Is.True, "on disk it is signed by the new one too");
    }

    private static IEnumerable<TestCaseData> Forgeries()
    {
        yield return new TestCaseData((Action<List<V1.GetBundleResponse>>)(parts => parts[0].Description.Statement = null), "nobody vouches").SetName("No statement");
        yield return new TestCaseData((Action<List<V1.GetBundleResponse>>)(parts => parts[0].Description.Statement.Signature = ByteString.CopyFrom(new byte[64])), "signature does not hold").SetName("A forged signature");
        yield return new TestCaseData((Action<List<V1.GetBundleResponse>>)(parts => parts[1].Data = ByteString.CopyFrom([.. parts[1].Data.ToByteArray().Select(b => (byte)~b)])), "is not the one that its hash names").SetName("Other bytes");
        yield return new TestCaseData((Action<List<V1.GetBundleResponse>>)(parts => parts.Add(new V1.GetBundleResponse { Data = ByteString.CopyFrom(1) })), "longer than it was said to be").SetName("More bytes");
        yield return new TestCaseData((Action<List<V1.GetBundleResponse>>)(parts => parts[0].Description.Revision.CommitId = "9999"), "about another bundle").SetName("Another revision");
        yield return new TestCaseData((Action<List<V1.GetBundleResponse>>)(parts => parts.RemoveAt(0)), "without its description").SetName("No description");
    }

    [TestCaseSource(nameof(Forgeries))]
    public async Task A_bundle_that_is_not_what_it_must_be_is_refused(Action<List<V1.GetBundleResponse>> forge, string reason)
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world, forge);
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        await client.DecideAsync(ClientWorld.Context, Auth);
        Assert.That((await world.SeenAsync<ClientEvent.BundleRefused>()).Reason, Does.Contain(reason));
        Assert.That(client.Status.Bundle, Is.Null);
    }

    [Test]
    public async Task A_fetch_that_broke_off_goes_on_where_it_was()
    {
        await using var world = new ClientWorld();
        var offsets = new List<ulong>();
        byte[] bundle = ScriptedBundle.Serve(world, parts =>
        {
            lock (offsets)
                offsets.Add(parts[0].Description.Offset);
            if (offsets.Count == 1)
                parts[1].Data = ByteString.CopyFrom(parts[1].Data.Span[..100]);
        });
        world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        // The pause after what broke off is over at some time.
        for (int i = 0; i < 1500 && !world.Events.OfType<ClientEvent.BundleHeld>().Any(); i++, await Task.Delay(20))
            world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(offsets.Take(2), Is.EqualTo(new ulong[] { 0, 100 }));
        Assert.That(bundle, Has.Length.GreaterThan(100));
    }

    [Test]
    public async Task A_bundle_that_takes_long_is_fetched_from_one_decision_point_and_costs_no_connection()
    {
        await using var world = new ClientWorld();
        var second = new PdpScript(world.Time) { Signer = world.Script.Signer };
        await using ScriptedPdp other = world.Second(second);
        ScriptedBundle.Serve(world, parts => parts.Add(new V1.GetBundleResponse { Data = Split(parts[1]) }));
        second.Publish(world.Script.Revision);
        Func<V1.GetBundleRequest, IEnumerable<V1.GetBundleResponse>> whole = world.Script.Bundle;
        int asked = 0;
        using var isOtherAsked = new ManualResetEventSlim();
        world.Script.Bundle = request =>
        {
            Interlocked.Increment(ref asked);
            return whole(request).Select((part, place) =>
            {
                // Longer than a call may take, and than one is waited for before the next is asked besides.
                if (place == 2)
                    isOtherAsked.Wait(TimeSpan.FromSeconds(2));
                return part;
            });
        };
        second.Bundle = request =>
        {
            isOtherAsked.Set();
            return whole(request);
        };
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle, FurtherEndpoints = [other.Endpoint], CallTimeout = TimeSpan.FromSeconds(1) });
        await world.SeenAsync<ClientEvent.BundleHeld>();
        Assert.That((asked, isOtherAsked.IsSet, client.Status.Endpoints[0].IsCurrent), Is.EqualTo((1, false, true)));
        Assert.That(world.Events.OfType<ClientEvent.Connected>().Count(), Is.EqualTo(1), "the watch was not torn down");
    }

    [Test]
    public async Task A_bundle_that_stops_coming_is_had_from_another_decision_point()
    {
        await using var world = new ClientWorld();
        var second = new PdpScript(world.Time) { Signer = world.Script.Signer };
        await using ScriptedPdp other = world.Second(second);
        ScriptedBundle.Serve(world, parts => parts.Add(new V1.GetBundleResponse { Data = Split(parts[1]) }));
        second.Publish(world.Script.Revision);
        Func<V1.GetBundleRequest, IEnumerable<V1.GetBundleResponse>> whole = world.Script.Bundle;
        using var isOver = new ManualResetEventSlim();
        world.Script.Bundle = request => whole(request).Select((part, place) =>
        {
            if (place == 2)
                isOver.Wait(TimeSpan.FromSeconds(60));
            return part;
        });
        second.Bundle = whole;
        world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle, FurtherEndpoints = [other.Endpoint], CallTimeout = TimeSpan.FromMilliseconds(500) });
        await world.SeenAsync<ClientEvent.BundleHeld>();
        isOver.Set();
    }

    /// <summary>Leaves the first half of the bytes to a part, and gives the others.</summary>
    private static ByteString Split(V1.GetBundleResponse part)
    {
        ByteString whole = part.Data;
        part.Data = ByteString.CopyFrom(whole.Span[..(whole.Length / 2)]);
        return ByteString.CopyFrom(whole.Span[(whole.Length / 2)..]);
    }
}
