using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using AttributeValue = PolicyM2M.Wire.V1.AttributeValue;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A watcher is told the statement of its device before it would have to ask for it.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class WatchedStatementTests
{
    /// <summary>Six seconds are an hour: a registry that was not found in step for longer than its grace would be none.</summary>
    private const int Times = 600;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task A_change_comes_with_the_statement_that_says_so_for_who_wants_it()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = Watch(device), other = device.Watch(new WatchRequest(), cancellationToken: Cancel);
        Assert.That(((await Next(watch)).Statement, (await Next(other)).Statement), Is.EqualTo(((SignedPayload?)null, (SignedPayload?)null)), "it has no decision that one would count for");
        ReceivedStatement first = await Statement(device, (await Ask(device)).Statement);

        ulong version = await Risk(pdp, 70);
        WatchResponse news = await Next(watch);
        ReceivedStatement told = await Statement(device, news.Statement);
        Assert.That((news.DeviceVersion, told.DeviceId, told.Attributes.Values["posture.risk"].Integer), Is.EqualTo((version, "plc-0042", 70L)));
        Assert.That(told.ValidUntil - told.IssuedAt, Is.EqualTo(first.ValidUntil - first.IssuedAt), "as long as the decisions that it has may be used");
        Assert.That((await Next(other)).Statement, Is.Null);
        Assert.That((await Ask(device, news.Statement)).Statement, Is.Null, "it has it");
    }

    [Test]
    public async Task Who_watches_anew_is_told_it_at_once_and_who_has_no_decisions_is_not()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device"), gateway = pdp.DecisionsAs("gateway");
        SignedPayload had = (await Ask(device)).Statement;
        using AsyncServerStreamingCall<WatchResponse> own = Watch(device), gateways = gateway.Watch(new WatchRequest { DeviceId = "plc-0042", Statements = true }, cancellationToken: Cancel);
        Assert.That((await Next(own)).Statement, Is.EqualTo(had), "made once");
        Assert.That((await Next(gateways)).Statement, Is.Null, "what others have does not count");
    }

    [Test]
    public async Task A_change_comes_with_it_to_who_may_have_decisions_from_before_a_restart()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await Ask(pdp.DecisionsAs("device"));
        await pdp.StopServerAsync();
        await pdp.StartServerAsync();
        using AsyncServerStreamingCall<WatchResponse> watch = Watch(pdp.DecisionsAs("device"));
        Assert.That((await Next(watch)).Statement, Is.Null, "what it was given is not known any more");

        ulong version = await Risk(pdp, 70);
        WatchResponse news = await Next(watch);
        ReceivedStatement told = await Statement(pdp.DecisionsAs("device"), news.Statement);
        Assert.That((news.DeviceVersion, told.Attributes.Values["posture.risk"].Integer, Length(told)), Is.EqualTo((version, 70L, Startup.PdpOptions.UsualStatementValidity)));
    }

    [Test]
    public async Task Policies_that_need_other_attributes_come_with_another_statement_and_others_do_not()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        await Ask(device);
        using AsyncServerStreamingCall<WatchResponse> watch = Watch(device);
        await Next(watch);

        (string path, string text) = TestPolicies.Baseline("30d");
        pdp.Git.Commit("The same in other words", (path, text + "\n// nothing else\n"));
        Assert.That((await Next(watch)).Statement, Is.Null);
        pdp.Git.Commit("By the site", (path, text.Replace("otherwise                 use { lifetime", "when location.site == \"plant-9\" use { lifetime 1d }\n  otherwise use { lifetime", StringComparison.Ordinal)));
        Assert.That((await Statement(device, (await Next(watch)).Statement)).Attributes.Values["location.site"].Text, Is.EqualTo("plant-7"));
    }

    [Test]
    public async Task The_next_comes_before_the_last_is_fresh_no_longer_and_before_the_device_would_ask()
    {
        await using RunningPdp pdp = await StartAsync(new FastClock(Times));
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = Watch(device);
        ulong version = (await Next(watch)).DeviceVersion;
        ReceivedStatement last = await Statement(device, (await Ask(device)).Statement);
        for (int i = 0; i < 3; i++)
        {
            WatchResponse news = await Next(watch);
            ReceivedStatement next = await Statement(device, news.Statement);
            Assert.That((news.DeviceVersion, next.Attributes.Values["posture.risk"].Integer), Is.EqualTo((version, 20L)), "nothing else has changed");
            // After seven tenths of the time a device asks by itself.
            Assert.That(next.IssuedAt - last.IssuedAt, Is.InRange(TimeSpan.FromMinutes(29), TimeSpan.FromMinutes(42)));
            last = next;
        }
    }

    [Test]
    public async Task What_was_told_holds_for_longer_where_the_claims_of_a_question_want_it()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = Watch(device);
        await Next(watch);
        (string path, string text) = TestPolicies.Baseline("30d");
        pdp.Git.Commit("A rotation that may be used", (path, text.Replace("lifetime 30d", "lifetime 30d  fresh-for 1h  usable-for 2h", StringComparison.Ordinal)));
        await Next(watch);
        await Ask(device, null, DecisionKind.Rotation);
        await Risk(pdp, 10);
        SignedPayload shorter = (await Next(watch)).Statement;
        SignedPayload longer = (await Ask(device, shorter)).Statement;
        Assert.That(Length(await Statement(device, longer)), Is.GreaterThan(Length(await Statement(device, shorter))), "it knew of the rotation alone");
    }

    [Test]
    public async Task While_the_registry_is_away_none_is_told_and_one_is_as_soon_as_it_is_back()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        File.WriteAllText(pdp.Data.RegistryDatabase, "no database");
        await pdp.StartServerAsync();
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        await Ask(device);
        using AsyncServerStreamingCall<WatchResponse> watch = Watch(device);
        WatchResponse away = await Next(watch);
        Assert.That((away.DeviceVersion, away.Statement), Is.EqualTo((0UL, (SignedPayload?)null)));

        File.Delete(pdp.Data.RegistryDatabase);
        WatchResponse back = await Next(watch);
        Assert.That(back.DeviceVersion, Is.Not.Zero);
        Assert.That((await Statement(device, back.Statement)).Attributes.Values["posture.risk"].Integer, Is.EqualTo(20));
    }

    private static TimeSpan Length(ReceivedStatement statement) => statement.ValidUntil - statement.IssuedAt;

    private static async Task<RunningPdp> StartAsync(TimeProvider clock)
    {
        RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        await pdp.StartServerAsync(pdp.Options() with { RegistryGrace = TimeSpan.FromDays(1) }, clock);
        return pdp;
    }

    private static AsyncServerStreamingCall<WatchResponse> Watch(DecisionService.DecisionServiceClient client) => client.Watch(new WatchRequest { Statements = true }, cancellationToken: Cancel);

    private static async Task<ulong> Risk(RunningPdp pdp, int risk) =>
        (await pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = risk }, cancellationToken: Cancel)).Device.Version;

    private static async Task<DecideResponse> Ask(DecisionService.DecisionServiceClient client, SignedPayload? known = null, params DecisionKind[] kinds)
    {
        var request = new DecideRequest { Form = DecisionForm.Signed, Kinds = { kinds }, KnownStatement = known is null ? ByteString.Empty : ByteString.CopyFrom(SHA256.HashData(known.Payload.Span)) };
        request.Attributes["firmware.version"] = new AttributeValue { Text = "2.4.0" };
        request.Attributes["device.type"] = new AttributeValue { Text = "plc" };
        return await client.DecideAsync(request, cancellationToken: Cancel);
    }

    /// <summary>Asks for the keys on the connection that there is: on a fast clock another has hardly the time for its handshake.</summary>
    private static async Task<ReceivedStatement> Statement(DecisionService.DecisionServiceClient client, SignedPayload signed) =>
        TrustedKeys.Of((await client.GetSigningKeysAsync(new GetSigningKeysRequest(), cancellationToken: Cancel)).Keys).Statement(signed);

    private static async Task<WatchResponse> Next(AsyncServerStreamingCall<WatchResponse> watch)
    {
        Assert.That(await watch.ResponseStream.MoveNext(Cancel), Is.True);
        return watch.ResponseStream.Current;
    }
}
