using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>
/// The decision half of the table of downgrades: whoever stands between a device and its decision point, or serves as one, and hands out what is not true of this device now. Each must fail closed, and
/// say why. The peer holds a certificate that the device believes, so that nothing but the signatures is in its way.
/// </summary>
internal sealed partial class DowngradeTests
{
    private const string Page = "docs/downgrades.md";

    [Test]
    public void The_page_has_a_row_for_each_of_these_tests_and_no_other() => Assert.That(Rows().Keys, Is.EquivalentTo(typeof(DowngradeTests).GetMethods()
        .Where(method => method.IsDefined(typeof(TestAttribute), false) && method.Name != nameof(The_page_has_a_row_for_each_of_these_tests_and_no_other)).Select(method => RowOf(method.Name))));

    [Test]
    public async Task Replayed_old_decision()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        V1.DecideResponse old = null!;
        world.Script.Tamper = response => old = response.Clone();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(TimeSpan.FromDays(4));
        world.Script.Tamper = response => Replace(response, old.SignedDecisions);
        await DeniedAsync(client, "it is an old one");
        Assert.That((await world.OfflineAfterAsync(client, TimeSpan.Zero)).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task Replayed_decision_of_an_earlier_revision()
    {
        await using var world = new ClientWorld();
        world.Script.ActivatedAt = world.Time.Start;
        PolicyClient client = world.Connect();
        V1.DecideResponse old = null!;
        world.Script.Tamper = response => old = response.Clone();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Time.Advance(TimeSpan.FromSeconds(30));
        world.Script.ActivatedAt = world.Time.GetUtcNow();
        world.Script.Tamper = _ => { };
        world.Script.Publish(new RevisionId("2222", "bbbb"));
        await world.SeenAsync<ClientEvent.RevisionChanged>();
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        world.Script.Tamper = response => Replace(response, old.SignedDecisions);
        await HasWhatItHadAsync(client);
        await world.SeenAsync<ClientEvent.RevisionRefused>();
        await client.DisposeAsync();
        client = world.Connect();
        await HasWhatItHadAsync(client);
        world.Time.Advance(TimeSpan.FromDays(3));
        await DeniedAsync(client, "from before those already seen");

        static async Task HasWhatItHadAsync(PolicyClient client) =>
            Assert.That((await client.DecideAsync(ClientWorld.Context, refresh: true)).Select(answer => (answer.Source, answer.Revision?.CommitId)), Is.All.EqualTo((DecisionSource.Cached, "2222")));
    }

    [Test]
    public async Task Watch_that_tells_of_an_earlier_revision()
    {
        await using var world = new ClientWorld();
        world.Script.ActivatedAt = world.Time.Start;
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.ActivatedAt = world.Time.Start.AddDays(-1);
        world.Script.Publish(new RevisionId("0000", "0000"));
        ClientEvent.RevisionRefused told = await world.SeenAsync<ClientEvent.RevisionRefused>();
        Assert.That((told.Revision.CommitId, told.Seen.CommitId), Is.EqualTo(("0000", "1111")));
        Assert.That((await client.DecideAsync(ClientWorld.Context))[0].Revision!.CommitId, Is.EqualTo("1111"));
    }

    [Test]
    public async Task Forged_decision()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Tamper = response =>
        {
            var forged = V1.Decision.Parser.ParseFrom(response.SignedDecisions[0].Payload);
            forged.CipherSuites.SessionLifetime = new Duration { Seconds = 1_000_000 };
            response.SignedDecisions[0].Payload = forged.ToByteString();
        };
        await DeniedAsync(client, "its signature does not hold");
    }

    [Test]
    public async Task Decision_signed_by_a_key_of_somebody_else()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        var stranger = new TestSigner(world.Time);
        world.Script.Tamper = response => Replace(response, response.SignedDecisions.Select(signed => stranger.Sign(SignedKind.Decision, V1.Decision.Parser.ParseFrom(signed.Payload))));
        await DeniedAsync(client, "signed by a key that is not trusted");
    }

    [Test]
    public async Task Decision_of_another_device()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Stated["lifecycle.state"] = "active";
        V1.DecideResponse others = null!;
        world.Script.Tamper = response => others = response.Clone();
        await world.Connect("plc-2", keyOf: "plc-2").DecideAsync(ClientWorld.Context);
        world.Script.Stated["lifecycle.state"] = "quarantined";
        world.Script.Tamper = response => Replace(response, others.SignedDecisions);
        await DeniedAsync(client, "is for other contexts than that of plc-1");
    }

    [Test]
    public async Task Statement_of_another_device()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Stated["lifecycle.state"] = "active";
        world.Script.Tamper = response => response.Statement = world.Script.Statement("plc-2");
        await DeniedAsync(client, "the statement is about plc-2 and not about plc-1");
    }

    [Test]
    public async Task Statement_from_better_days()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Stated["lifecycle.state"] = "active";
        V1.DecideResponse better = null!;
        world.Script.Tamper = response => better = response.Clone();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        world.Script.Stated["lifecycle.state"] = "quarantined";
        world.Script.Tamper = _ => { };
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        world.Script.Tamper = response =>
        {
            Replace(response, better.SignedDecisions);
            response.Statement = better.Statement;
        };
        await DeniedAsync(client, "is for other contexts than that of plc-1");
    }

    [Test]
    public async Task Expired_statement()
    {
        await using var world = new ClientWorld();
        world.Script.Stated["lifecycle.state"] = "active";
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        Assert.That((await world.OfflineAfterAsync(client, TimeSpan.FromMinutes(59)))[0].Source, Is.EqualTo(DecisionSource.Cached));
        world.Time.Advance(TimeSpan.FromMinutes(2));
        await DeniedAsync(client, "nothing is kept for this context");
    }

    [Test]
    public async Task No_statement()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Stated["lifecycle.state"] = "active";
        world.Script.Tamper = response => response.Statement = null;
        await DeniedAsync(client, "no statement of this device came with it");
    }

    [Test]
    public async Task Told_statement_of_another_device()
    {
        await using var world = new ClientWorld();
        await NotTakenAsync(world, () => world.Script.Statement("plc-2"), "the statement is about plc-2 and not about plc-1");
    }

    [Test]
    public async Task Told_statement_from_better_days()
    {
        await using var world = new ClientWorld();
        await NotTakenAsync(world, null, "it is from before the one that is held");
    }

    [Test]
    public async Task Told_statement_that_is_forged()
    {
        await using var world = new ClientWorld();
        await NotTakenAsync(world, () =>
        {
            V1.SignedPayload forged = world.Script.Statement("plc-1").Clone();
            var says = V1.DeviceStatement.Parser.ParseFrom(forged.Payload);
            says.Attributes[0].Value.Text = "active";
            forged.Payload = says.ToByteString();
            return forged;
        }, "its signature does not hold");
    }

    [Test]
    public async Task Told_statement_signed_by_a_key_of_somebody_else()
    {
        await using var world = new ClientWorld();
        var stranger = new TestSigner(world.Time);
        await NotTakenAsync(world, () => stranger.Sign(SignedKind.DeviceStatement, V1.DeviceStatement.Parser.ParseFrom(world.Script.Statement("plc-1").Payload)), "signed by a key that is not trusted");
    }

    [Test]
    public async Task Stripped_region()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Forge = decision => decision.Region = null;
        await DeniedAsync(client, "a signed decision has no region");
        world.Script.Forge = _ => { };
        world.Script.Tamper = response =>
        {
            var stripped = V1.Decision.Parser.ParseFrom(response.SignedDecisions[0].Payload);
            stripped.Region = new V1.Region();
            response.SignedDecisions[0].Payload = stripped.ToByteString();
        };
        await DeniedAsync(client, "its signature does not hold");
    }

    [Test]
    public async Task Signature_stripped()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Tamper = response =>
        {
            response.Decisions.AddRange(response.SignedDecisions.Select(signed => V1.Decision.Parser.ParseFrom(signed.Payload)));
            response.SignedDecisions.Clear();
        };
        await DeniedAsync(client, "the decisions are not signed");
    }

    [Test]
    public async Task Bundle_vouched_for_by_a_key_that_is_served_no_more()
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world);
        V1.GetBundleResponse[] old = [.. world.Script.Bundle(new V1.GetBundleRequest())];
        world.Script.Bundle = _ => old;
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.BundleHeld>();
        world.Script.Signer = new TestSigner(world.Time);
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        await world.SeenAsync<ClientEvent.CacheDiscarded>();
        await world.SeenAsync<ClientEvent.BundleRefused>();
        Assert.That((client.CopyBundle(), client.Status.Bundle), Is.EqualTo(((BundleCopy?)null, (BundleStatus?)null)), "it is handed on to nobody");
        await world.Pdp.KillAsync();
        await DeniedAsync(client, "nothing is kept for this context", ScriptedBundle.NeverAsked);
    }

    private static void Replace(V1.DecideResponse response, IEnumerable<V1.SignedPayload> decisions)
    {
        V1.SignedPayload[] all = [.. decisions];
        response.SignedDecisions.Clear();
        response.SignedDecisions.AddRange(all);
    }

    /// <summary>A device in quarantine is told a statement that would let it out, or (for null) the one of before. It is reported, and the device has nothing of it: its question is answered with what is so.</summary>
    private static async Task NotTakenAsync(ClientWorld world, Func<V1.SignedPayload>? told, string reason)
    {
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Stated["lifecycle.state"] = "active";
        await client.DecideAsync(ClientWorld.Context);
        V1.SignedPayload better = world.Script.Statement("plc-1");
        world.Time.Advance(TimeSpan.FromMinutes(1));
        world.Script.Stated["lifecycle.state"] = "quarantined";
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        int calls = world.Pdp.Calls;

        V1.SignedPayload given = told?.Invoke() ?? better;
        world.Script.Tells = _ => given;
        world.Script.DeviceVersion++;
        world.Script.Publish(world.Script.Revision);
        ClientEvent.Refused refused = await world.SeenAsync<ClientEvent.Refused>();
        Assert.That(refused.Reason, Does.Contain(reason));
        Assert.That((await client.DecideAsync(ClientWorld.Context))[0].Decision!.Region!.ToString(), Does.Contain("quarantined"));
        Assert.That(world.Pdp.Calls, Is.EqualTo(calls + 1));
        Assert.That(Rows()[RowOf(TestContext.CurrentContext.Test.MethodName!)], Does.Contain($"\"{reason}\""), Page);
    }

    private static async Task DeniedAsync(PolicyClient client, string reason, DeviceContext? context = null)
    {
        ImmutableArray<DeviceDecision> answers = await client.DecideAsync(context ?? ClientWorld.Context, DecisionKinds.All, refresh: true);
        Assert.That(answers.Select(answer => (answer.Source, answer.Outcome.IsDenied)), Is.All.EqualTo((DecisionSource.Denied, true)));
        Assert.That(answers[0].Outcome.Denial, Does.Contain(reason));
        Assert.That(Rows()[RowOf(TestContext.CurrentContext.Test.MethodName!)], Does.Contain($"\"{reason}\""), Page);
    }

    private static string RowOf(string test) => test.Replace('_', ' ').ToLowerInvariant();

    private static Dictionary<string, string> Rows() => Row().Matches(Table().Match(File.ReadAllText(Path.Combine(ProjectFolder.RepositoryRootOf(typeof(DowngradeTests).Assembly), Page))).Value)
        .ToDictionary(row => row.Groups["what"].Value, row => row.Groups["gets"].Value);

    [GeneratedRegex("<!-- decision: begin -->.*?<!-- decision: end -->", RegexOptions.Singleline)]
    private static partial Regex Table();

    [GeneratedRegex(@"^\| (?<what>(?!---|handed out)[^|]+?) \| (?<gets>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
