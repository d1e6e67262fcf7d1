using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;
using Stage = PolicyM2M.Pdp.Rollouts.RolloutStage;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Roll-outs of real commits on a real server, as operators steer them and devices see them.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RolloutTests
{
    private RunningPdp _pdp = null!;
    private string _first = "";

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync();
        _first = _pdp.Git.Head;
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task A_roll_back_brings_back_the_revision_before_and_holds_while_commits_come_and_over_a_restart()
    {
        string second = await Commit("7d");
        RolloutState back = (await Client.RollBackAsync(new RollBackRequest { ExpectedActive = second, Reason = "sensors of plant 7 drop out" })).State;
        Assert.That((back.Active.CommitId, back.Pin.Reason, back.NotRemembered), Is.EqualTo((_first, "sensors of plant 7 drop out", "")));
        Assert.That(await Lifetime(), Is.EqualTo((30, _first)));

        string third = _pdp.Git.Commit("Third", TestPolicies.Baseline("9d"));
        await Until(state => state.Waiting?.Revision.CommitId == third);
        Assert.That(await Lifetime(), Is.EqualTo((30, _first)));

        await Restart(_pdp.Options());
        RolloutState again = await Until(state => state.Waiting is not null);
        Assert.That((again.Active.CommitId, again.Waiting.Revision.CommitId, again.Pin.Reason), Is.EqualTo((_first, third, "sensors of plant 7 drop out")));
        Assert.That(again.Pin.By, Does.StartWith("spiffe://dev.policym2m.example/operator/"));
        Assert.That(await Lifetime(), Is.EqualTo((30, _first)));

        await Client.UnpinAsync(new UnpinRequest { ExpectedActive = _first });
        Assert.That(await Lifetime(), Is.EqualTo((9, third)));
        Assert.That((await Revisions()).Past.Select(past => (past.Revision.CommitId, past.Fate)),
            Is.EqualTo(new[] { (_first, RevisionFate.Replaced), (second, RevisionFate.RolledBack) }));
    }

    [Test]
    public async Task Under_load_a_roll_back_fails_no_request_and_every_answer_is_of_one_revision()
    {
        PdpOptions options = _pdp.Options();
        await Restart(options with { Callers = options.Callers with { Limits = new CallLimits { Rate = 100_000 } } });
        string second = await Commit("7d");
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        using var ending = new CancellationTokenSource();
        var seen = new ConcurrentDictionary<(double, string), bool>();
        Task[] load = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                DecideResponse answer = await device.DecideAsync(new DecideRequest());
                Assert.That(answer.Decisions.Select(decision => decision.Revision.CommitId).Distinct().Count(), Is.EqualTo(1));
                seen.TryAdd(LifetimeOf(answer.Decisions.Single(decision => decision.Kind == DecisionKind.Rotation)), true);
            }
        }))];
        PolicyService.PolicyServiceClient policies = Client;
        // Until the load has seen both: what it did not see, it cannot tell of.
        for (int i = 0; i < 10 || seen.Count < 2; i++)
        {
            await policies.RollBackAsync(new RollBackRequest { ExpectedActive = second, CommitId = _first, Reason = "to and" });
            await policies.RollBackAsync(new RollBackRequest { ExpectedActive = _first, CommitId = second, Reason = "fro" });
        }
        await ending.CancelAsync();
        await Task.WhenAll(load);

        Assert.That(seen.Keys, Is.EquivalentTo(new[] { (30d, _first), (7d, second) }));
    }

    [Test]
    public async Task In_the_shadow_every_answer_is_the_active_ones_and_what_the_candidate_would_say_is_counted()
    {
        await Restart(_pdp.Options() with { Rollout = new Stage.Shadow() });
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await Until(state => state.Candidate?.Revision.CommitId == second);

        for (int i = 0; i < 3; i++)
            Assert.That(await Lifetime(), Is.EqualTo((30, _first)));

        GetDifferencesResponse found = await Client.GetDifferencesAsync(new GetDifferencesRequest());
        Assert.That((found.Active.CommitId, found.Candidate.Revision.CommitId, found.Candidate.Stage), Is.EqualTo((_first, second, RolloutStage.Shadow)));
        Assert.That((found.Candidate.Compared, found.Candidate.Differing), Is.EqualTo((3ul, 3ul)));
        Assert.That(found.Counts.Select(count => (count.Kind, count.Direction, count.Count)), Is.EqualTo(new[] { (DecisionKind.Rotation, Direction.Tighter, 3ul) }));
        DifferenceSample sample = found.Samples.Single();
        Assert.That((sample.DeviceId, sample.Count), Is.EqualTo(("plc-0042", 3ul)));
        Assert.That((sample.ActiveOutcome, sample.CandidateOutcome), Is.EqualTo((
            "{ lifetime 30d  rotate-now false  fresh-for 0s  usable-for 0s }", "{ lifetime 7d  rotate-now false  fresh-for 0s  usable-for 0s }")));
        Assert.That(sample.CandidateRules, Is.EqualTo(new[] { "baseline rotation otherwise (baseline.m2m:16)" }));

        RolloutState promoted = (await Client.PromoteAsync(new PromoteRequest { ExpectedActive = _first, CommitId = second })).State;
        Assert.That((promoted.Active.CommitId, promoted.Candidate), Is.EqualTo((second, (RolloutCandidate?)null)));
        Assert.That(await Lifetime(), Is.EqualTo((7, second)));
        Assert.That(_pdp.Log.Lines, Has.Some.EqualTo($"Information: the trial of {second[..12]} has ended, and it is active; 3 of 3 decisions differed"));
    }

    [Test]
    public async Task A_canary_answers_the_devices_of_its_share_the_same_ones_after_a_restart()
    {
        PdpOptions options = _pdp.Options() with { Rollout = new Stage.Canary(50) };
        await Restart(options);
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await Until(state => state.Candidate?.Revision.CommitId == second);
        string[] fleet = ["plc-0042", "sensor-1", "gw-plant7"];

        Dictionary<string, string> before = await Answering(fleet);
        await Restart(options);
        Assert.That((await State()).Candidate?.Percent, Is.EqualTo(50));
        Assert.That(await Answering(fleet), Is.EqualTo(before));

        await SetStage(100);
        Assert.That((await Answering(fleet)).Values, Has.All.EqualTo(second));
        await SetStage(1);
        GetDifferencesResponse found = await Client.GetDifferencesAsync(new GetDifferencesRequest());
        Assert.That(found.Samples.Select(sample => sample.Direction), Has.All.EqualTo(Direction.Tighter), "whichever of the two answers, the direction is from the active one to the candidate");

        RolloutState dropped = (await Client.RollBackAsync(new RollBackRequest { ExpectedActive = _first, Reason = "too short" })).State;
        Assert.That((dropped.Active.CommitId, dropped.Candidate), Is.EqualTo((_first, (RolloutCandidate?)null)));
        Assert.That((await Answering(fleet)).Values, Has.All.EqualTo(_first));

        async Task SetStage(int percent) => await Client.SetStageAsync(new SetStageRequest { ExpectedActive = _first, Stage = RolloutStage.Canary, Percent = percent });
    }

    [Test]
    public async Task A_watcher_hears_of_the_revision_that_answers_it_and_of_what_a_candidate_needs()
    {
        await Restart(_pdp.Options() with { Rollout = new Stage.Shadow() });
        using AsyncServerStreamingCall<WatchResponse> watch = _pdp.DecisionsAs("device").Watch(new WatchRequest());
        WatchResponse heard = await Next(watch);
        Assert.That(heard.NeededAttributes, Is.EqualTo(new[] { "device.type", "firmware.version" }));

        (string path, string text) = TestPolicies.Baseline("7d");
        string schema = TestPolicies.Files().Single(file => file.Path.EndsWith("attributes.yaml", StringComparison.Ordinal)).Text;
        string second = _pdp.Git.Commit("Asks for more", (path, text.Replace("posture.risk >= 60", "posture.risk >= 60 or battery < 5", StringComparison.Ordinal)),
            ("policies/device.attributes.yaml", schema + "  battery: { type: int, minimum: 0, maximum: 100, provenance: claimed, description: \"The charge.\" }\n"));
        heard = await Next(watch);
        Assert.That((heard.Revision.CommitId, string.Join(' ', heard.NeededAttributes)), Is.EqualTo((_first, "battery device.type firmware.version")));

        await Client.SetStageAsync(new SetStageRequest { ExpectedActive = _first, Stage = RolloutStage.Canary, Percent = 100 });
        Assert.That((await Next(watch)).Revision.CommitId, Is.EqualTo(second));
        await Client.RollBackAsync(new RollBackRequest { ExpectedActive = _first, Reason = "enough" });
        heard = await Next(watch);
        Assert.That((heard.Revision.CommitId, heard.NeededAttributes.Count), Is.EqualTo((_first, 2)));
    }

    [Test]
    public async Task Two_operators_do_not_cross()
    {
        string second = await Commit("7d");
        PolicyService.PolicyServiceClient policies = Client;

        RpcException? late = await Assert.ThrowsAsync<RpcException>(async () => await policies.PinAsync(new PinRequest { ExpectedActive = _first, Reason = "late" }));
        Assert.That((late!.StatusCode, late.Status.Detail), Is.EqualTo((StatusCode.Aborted, $"{second[..12]} is active, and not {_first[..12]}: another change came first; look again")));
        late = await Assert.ThrowsAsync<RpcException>(async () => await policies.RollBackAsync(new RollBackRequest { ExpectedActive = _first, Reason = "late" }));
        Assert.That(late!.StatusCode, Is.EqualTo(StatusCode.Aborted));
        Assert.That((await State()).Pin, Is.Null);
    }

    [TestCase("", "why", "`expected_active`")]
    [TestCase("HEAD", "why", "`expected_active`")]
    [TestCase(null, "", "`reason`")]
    [TestCase(null, "two\nlines", "`reason`")]
    [TestCase(null, "turned \u202E around", "`reason`")]
    public async Task A_request_that_says_too_little_or_hides_something_is_refused(string? expected, string reason, string what)
    {
        PolicyService.PolicyServiceClient policies = Client;

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(async () => await policies.PinAsync(new PinRequest { ExpectedActive = expected ?? _first, Reason = reason }));

        Assert.That((refusal!.StatusCode, refusal.Status.Detail), Is.EqualTo((StatusCode.InvalidArgument, refusal.Status.Detail)));
        Assert.That(refusal.Status.Detail, Does.StartWith(what));
    }

    [Test]
    public async Task A_rewritten_history_enters_when_an_operator_accepts_it()
    {
        string second = await Commit("7d");
        _pdp.Git.Git("reset", "--quiet", "--hard", _first);
        string other = _pdp.Git.Commit("Another second", TestPolicies.Baseline("9d"));
        await RunningPdp.Eventually(async () => (await Client.GetStatusAsync(new GetStatusRequest())).Refused?.CommitId, commit => commit == other);

        RpcException? wrong = await Assert.ThrowsAsync<RpcException>(async () => await Client.AcceptHistoryAsync(new AcceptHistoryRequest { ExpectedActive = second, CommitId = _first }));
        Assert.That(wrong!.StatusCode, Is.EqualTo(StatusCode.NotFound));
        await Client.AcceptHistoryAsync(new AcceptHistoryRequest { ExpectedActive = second, CommitId = other[..12] });

        await Until(state => state.Active.CommitId == other);
        Assert.That(await Lifetime(), Is.EqualTo((9, other)));
    }

    [Test]
    public async Task After_a_roll_back_a_history_without_what_was_rolled_back_is_refused_all_the_same()
    {
        string second = await Commit("7d");
        await Client.RollBackAsync(new RollBackRequest { ExpectedActive = second, Reason = "bad" });
        _pdp.Git.Git("reset", "--quiet", "--hard", _first);
        string other = _pdp.Git.Commit("Another second", TestPolicies.Baseline("9d"));

        string? refused = await RunningPdp.Eventually(async () => (await Client.GetStatusAsync(new GetStatusRequest())).Refused?.CommitId, commit => commit is not null);

        Assert.That(refused, Is.EqualTo(other));
        Assert.That((await State()).Waiting, Is.Null);
    }

    [TestCase("not JSON")]
    [TestCase("""{ "version": 2, "sources": [] }""")]
    [TestCase("""{ "version": 1 }""")]
    [TestCase("""{ "version": 1, "sources": [], "more": 1 }""")]
    public async Task A_memory_that_cannot_be_understood_keeps_the_server_from_starting(string text)
    {
        await _pdp.StopServerAsync();
        await File.WriteAllTextAsync(_pdp.Data.Rollout, text);

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync());

        Assert.That(fault!.Message, Does.StartWith($"{_pdp.Data.Rollout} cannot be read, and it says which revision is pinned or on trial: ").And.EndWith("mend it, or remove it to start with the newest commit"));
    }

    [TestCase("last-served.json")]
    [TestCase("rollout.json")]
    [TestCase("activations.json")]
    public async Task A_folder_in_the_place_of_a_memory_keeps_the_server_from_starting(string file)
    {
        await _pdp.StopServerAsync();
        string path = Path.Combine(_pdp.Data.Path, file);
        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.That((await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync()))!.Message, Does.Contain(path).And.Contain("it is a folder, and a file is expected"));
    }

    [Test]
    public async Task A_pinned_commit_that_is_gone_keeps_the_server_from_starting_with_another()
    {
        await Client.PinAsync(new PinRequest { ExpectedActive = _first, Reason = "the audit goes on" });
        await _pdp.StopServerAsync();
        await File.WriteAllTextAsync(_pdp.Data.Rollout, (await File.ReadAllTextAsync(_pdp.Data.Rollout)).Replace(_first, new string('1', 40), StringComparison.Ordinal));

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync());

        Assert.That(fault!.Message, Does.StartWith("the commit 111111111111 is pinned by spiffe://").And.Contain("(the audit goes on), and it cannot be served: ").And.Contain("rollout.json"));
    }

    [Test]
    public async Task A_roll_back_counts_where_it_cannot_be_written_and_says_so_until_it_can()
    {
        string second = await Commit("7d");
        // A folder in the place of the file: nothing can be written there, whoever runs this.
        File.Delete(_pdp.Data.Rollout);
        Directory.CreateDirectory(_pdp.Data.Rollout);

        RolloutState back = (await Client.RollBackAsync(new RollBackRequest { ExpectedActive = second, Reason = "now" })).State;
        Assert.That((back.Active.CommitId, back.NotRemembered), Is.EqualTo((_first, back.NotRemembered)));
        Assert.That(back.NotRemembered, Is.Not.Empty);

        Directory.Delete(_pdp.Data.Rollout);
        await Until(state => state.NotRemembered.Length == 0);
        Assert.That(await File.ReadAllTextAsync(_pdp.Data.Rollout), Does.Contain("\"reason\": \"now\""));
    }

    [TestCase("last-served.json")]
    [TestCase("rollout.json")]
    [TestCase("activations.json")]
    public async Task A_commit_that_cannot_be_remembered_waits_until_it_can(string file)
    {
        string path = Path.Combine(Path.GetDirectoryName(_pdp.Data.LastServed)!, file);
        File.Delete(path);
        Directory.CreateDirectory(path);
        string second = _pdp.Git.Commit("Second", TestPolicies.Baseline("7d"));
        RolloutState held = await Until(state => state.Waiting?.Revision.CommitId == second || state.Active.CommitId == second);
        Assert.That((held.Active.CommitId, held.Waiting?.Revision.CommitId), Is.EqualTo((_first, second)));
        Assert.That(held.NotRemembered, Is.Not.Empty);
        Assert.That(await Lifetime(), Is.EqualTo((30, _first)));
        Assert.That(_pdp.Log.Lines, Has.One.Contains("waits: it cannot be remembered"));

        Directory.Delete(path);
        RolloutState entered = await Until(state => state.Active.CommitId == second);
        Assert.That((entered.Waiting, entered.NotRemembered), Is.EqualTo(((WaitingRevision?)null, "")));
        Assert.That(await File.ReadAllTextAsync(_pdp.Data.LastServed), Does.Contain(second));
        Assert.That(_pdp.Log.Lines, Has.One.Contains("cannot be remembered for a restart"));
    }

    [TestCase("rollout.json")]
    [TestCase("activations.json")]
    public async Task A_commit_that_a_start_cannot_remember_waits_and_what_was_served_before_it_goes_on(string file)
    {
        await _pdp.StopServerAsync();
        string second = _pdp.Git.Commit("While nobody looked", TestPolicies.Baseline("7d")), path = Path.Combine(_pdp.Data.Path, file);
        if (!File.Exists(path))
            await File.WriteAllTextAsync(path, """{ "version": 1, "sources": [] }""");
        using BusyFile busy = BusyFile.Hold(path);
        await Restart(_pdp.Options());

        RolloutState held = await State();
        Assert.That((held.Active.CommitId, held.Waiting?.Revision.CommitId, await Lifetime()), Is.EqualTo((_first, second, (30.0, _first))));
        Assert.That(held.NotRemembered, Is.Not.Empty);
        Assert.That(await File.ReadAllTextAsync(_pdp.Data.LastServed), Does.Not.Contain(second));
        Assert.That(_pdp.Log.Lines, Has.Some.Contains("waits: it cannot be remembered"));
        Assert.That(_pdp.Server.Services.GetRequiredService<Revisions.RevisionState>().Activations, Is.EqualTo(1), "what waits never became active");

        busy.Dispose();
        await Until(state => state.Active.CommitId == second);
        Assert.That(await File.ReadAllTextAsync(_pdp.Data.LastServed), Does.Contain(second));
    }

    [Test]
    public async Task A_start_that_cannot_remember_what_it_serves_and_knows_nothing_before_it_is_none()
    {
        await _pdp.StopServerAsync();
        await File.WriteAllTextAsync(_pdp.Data.LastServed, "[]\n");
        using BusyFile busy = BusyFile.Hold(_pdp.Data.LastServed);
        var log = new AuditLogReader(_pdp.Data.Audit);
        long signed = log.ReadCheckpoint().Size;
        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync());
        Assert.That(fault!.Message, Does.StartWith($"the commit {_first[..12]} cannot be remembered for a restart, after which history could go back: "));
        Assert.That(log.ReadCheckpoint().Size, Is.EqualTo(signed + 1), "the record of the start is signed: what was opened for it was closed");
    }

    [Test]
    public async Task After_a_restart_a_roll_back_goes_to_what_was_served_before_it()
    {
        await _pdp.StopServerAsync();
        string second = _pdp.Git.Commit("While nobody looked", TestPolicies.Baseline("7d"));
        await Restart(_pdp.Options());
        Assert.That(await Lifetime(), Is.EqualTo((7, second)));

        await RunningPdp.Eventually(Revisions, list => list.Past.Count > 0 && list.Past[0].IsLoaded);
        await Client.RollBackAsync(new RollBackRequest { ExpectedActive = second, Reason = "bad" });

        Assert.That(await Lifetime(), Is.EqualTo((30, _first)));
    }

    private async Task<string> Commit(string lifetime)
    {
        string commit = _pdp.Git.Commit($"Lifetime {lifetime}", TestPolicies.Baseline(lifetime));
        await Until(state => state.Active.CommitId == commit);
        return commit;
    }

    private async Task Restart(PdpOptions options)
    {
        if (_pdp.IsRunning)
            await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(options);
    }

    private PolicyService.PolicyServiceClient Client => _pdp.PoliciesAs("operator");

    private async Task<RolloutState> State() => (await Client.GetStatusAsync(new GetStatusRequest())).Rollout;

    private async Task<ListRevisionsResponse> Revisions() => await Client.ListRevisionsAsync(new ListRevisionsRequest());

    private Task<RolloutState> Until(Func<RolloutState, bool> isSo) => RunningPdp.Eventually(State, isSo);

    private async Task<(double Days, string Commit)> Lifetime() =>
        LifetimeOf((await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } })).Decisions.Single());

    private static (double Days, string Commit) LifetimeOf(Decision decision) => (decision.Rotation.Lifetime.ToTimeSpan().TotalDays, decision.Revision.CommitId);

    /// <summary>Which commit answers each of the devices, asked by their gateway.</summary>
    private async Task<Dictionary<string, string>> Answering(string[] fleet)
    {
        DecisionService.DecisionServiceClient gateway = _pdp.DecisionsAs("gateway");
        var answering = new Dictionary<string, string>();
        foreach (string device in fleet)
            answering[device] = (await gateway.DecideAsync(new DecideRequest { DeviceId = device, Kinds = { DecisionKind.Rotation } })).Decisions.Single().Revision.CommitId;
        return answering;
    }

    private static async Task<WatchResponse> Next(AsyncServerStreamingCall<WatchResponse> watch)
    {
        Assert.That(await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken), Is.True);
        return watch.ResponseStream.Current;
    }
}
