using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;
using Stage = PolicyM2M.Pdp.Rollouts.RolloutStage;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Since when a revision answers, as devices are told it: of two that they see, the later one is right.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class RevisionOrderTests
{
    private RunningPdp _pdp = null!;
    private string _first = "";

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync(change: options => options with { Rollout = new Stage.Canary(100) });
        _first = _pdp.Git.Head;
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task Whichever_revision_answers_again_began_later_and_a_restart_changes_nothing()
    {
        var seen = new List<(string Commit, Timestamp Since)> { await Answering() };
        using AsyncServerStreamingCall<WatchResponse> watch = _pdp.DecisionsAs("device").Watch(new WatchRequest());
        Assert.That(await Told(watch), Is.EqualTo(seen[0]));

        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        seen.Add(await Told(watch));
        Assert.That(await Answering(), Is.EqualTo(seen[^1]));
        await Operator.RollBackAsync(new RollBackRequest { ExpectedActive = _first, Reason = "too short" });
        seen.Add(await Told(watch));
        Assert.That(await Answering(), Is.EqualTo(seen[^1]));
        await RunningPdp.Eventually(async () => (await Operator.GetStatusAsync(new GetStatusRequest())).Rollout, state => state.Waiting is not null);
        await Operator.UnpinAsync(new UnpinRequest { ExpectedActive = _first });
        await Operator.SetStageAsync(new SetStageRequest { ExpectedActive = _first, Stage = RolloutStage.Canary, Percent = 100 });
        seen.Add(await Told(watch));
        await Operator.PromoteAsync(new PromoteRequest { ExpectedActive = _first });
        seen.Add(await Told(watch));
        await Operator.RollBackAsync(new RollBackRequest { ExpectedActive = second, Reason = "still too short" });
        seen.Add(await Told(watch));
        Assert.That(await Answering(), Is.EqualTo(seen[^1]));

        Assert.That(seen.Select(answer => answer.Commit), Is.EqualTo(new[] { _first, second, _first, second, second, _first }));
        Assert.That(seen.Select(answer => answer.Since.ToDateTimeOffset()), Is.Ordered.Ascending.And.Unique);

        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync();
        Assert.That(await Answering(), Is.EqualTo(seen[^1]));
    }

    [Test]
    public async Task What_answers_later_began_later_also_where_somebody_set_the_clock_back_meanwhile()
    {
        var time = new ManualTime();
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(_pdp.Options() with { Rollout = new Stage.Canary(100) }, time);
        using AsyncServerStreamingCall<WatchResponse> watch = _pdp.DecisionsAs("device").Watch(new WatchRequest());
        var seen = new List<(string Commit, Timestamp Since)> { await Told(watch) };
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        seen.Add(await Told(watch));

        time.SetBy(TimeSpan.FromHours(-1));
        await Operator.PromoteAsync(new PromoteRequest { ExpectedActive = _first });
        seen.Add(await Told(watch));
        await Operator.RollBackAsync(new RollBackRequest { ExpectedActive = second, Reason = "too short" });
        seen.Add(await Told(watch));

        Assert.That(seen.Select(answer => answer.Commit), Is.EqualTo(new[] { _first, second, second, _first }));
        Assert.That(seen.Select(answer => answer.Since.ToDateTimeOffset()), Is.Ordered.Ascending.And.Unique);
    }

    [Test]
    public async Task Of_two_that_answer_at_one_time_neither_began_before_the_other()
    {
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        DecisionService.DecisionServiceClient gateway = _pdp.DecisionsAs("gateway");
        await RunningPdp.Eventually(async () => (await Operator.GetStatusAsync(new GetStatusRequest())).Rollout, state => state.Candidate?.Revision.CommitId == second);
        // By their hashes, some share has a device of either.
        for (int percent = 1; percent < 100; percent++)
        {
            await Operator.SetStageAsync(new SetStageRequest { ExpectedActive = _first, Stage = RolloutStage.Canary, Percent = percent });
            Revision[] answering = [await Of("plc-0042"), await Of("sensor-1"), await Of("gw-plant7")];
            Assert.That(answering.Select(revision => revision.ActivatedAt).Distinct().Count(), Is.EqualTo(1));
            if (answering.Select(revision => revision.CommitId).Distinct().Count() == 2)
                return;
        }
        Assert.Fail("no share divides them");

        async Task<Revision> Of(string device) => (await gateway.DecideAsync(new DecideRequest { DeviceId = device, Kinds = { DecisionKind.Rotation } })).Decisions.Single().Revision;
    }

    private PolicyService.PolicyServiceClient Operator => _pdp.PoliciesAs("operator");

    /// <summary>What a device is answered from, plain and signed.</summary>
    private async Task<(string, Timestamp)> Answering()
    {
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        Revision plain = (await device.DecideAsync(new DecideRequest())).Decisions[0].Revision;
        DecideResponse signed = await device.DecideAsync(new DecideRequest { Form = DecisionForm.Signed });
        Assert.That(signed.SignedDecisions.Select(decision => Decision.Parser.ParseFrom(decision.Payload).Revision), Has.All.EqualTo(plain));
        return (plain.CommitId, plain.ActivatedAt);
    }

    private static async Task<(string, Timestamp)> Told(AsyncServerStreamingCall<WatchResponse> watch)
    {
        Assert.That(await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken), Is.True);
        return (watch.ResponseStream.Current.Revision.CommitId, watch.ResponseStream.Current.Revision.ActivatedAt);
    }
}
