using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What happens when somebody commits.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class FollowingTests
{
    private RunningPdp _pdp = null!;
    private PolicyService.PolicyServiceClient _operator = null!;
    private DecisionService.DecisionServiceClient _device = null!;

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync();
        (_operator, _device) = (_pdp.PoliciesAs("operator"), _pdp.DecisionsAs("device"));
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task The_status_says_what_is_served_and_from_where()
    {
        GetStatusResponse status = await Status();

        Assert.That(status.Active.CommitId, Is.EqualTo(_pdp.Git.Head));
        Assert.That((status.Repository, status.Ref, status.Path), Is.EqualTo((_pdp.Git.Path, "HEAD", "policies")));
        Assert.That(status.Policies, Is.EqualTo(new[] { "baseline" }));
        Assert.That(status.Refused, Is.Null);
        Assert.That(status.ActivatedAt, Is.LessThanOrEqualTo(status.LastPolledAt));
    }

    [Test]
    public async Task A_new_commit_becomes_active_and_its_decisions_are_given()
    {
        string commit = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));

        await Until(status => status.Active.CommitId == commit);

        Assert.That((await Lifetime()).CommitId, Is.EqualTo(commit));
        Assert.That((await Lifetime()).Days, Is.EqualTo(7));
    }

    [Test]
    public async Task An_edit_that_is_not_committed_changes_nothing()
    {
        string first = _pdp.Git.Head;
        (string path, string text) = TestPolicies.Baseline("7d");
        _pdp.Git.Write(path, text);
        DateTime polled = (await Status()).LastPolledAt.ToDateTime();

        GetStatusResponse status = await Until(status => status.LastPolledAt.ToDateTime() > polled);

        Assert.That(status.Active.CommitId, Is.EqualTo(first));
        Assert.That((await Lifetime()).Days, Is.EqualTo(30));
    }

    [Test]
    public async Task A_commit_that_does_not_compile_leaves_the_last_good_one_serving_until_a_good_one_comes()
    {
        string first = _pdp.Git.Head;
        string broken = _pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));

        GetStatusResponse status = await Until(status => status.Refused is not null);

        Assert.That(status.Active.CommitId, Is.EqualTo(first));
        Assert.That(status.Refused.CommitId, Is.EqualTo(broken));
        Assert.That(status.Refused.Diagnostics.Select(fault => (fault.Code, fault.File, fault.Line, fault.Column)),
            Is.EqualTo(new[] { ("M2M204", "baseline.m2m", 3, 32), ("M2M203", "baseline.m2m", 5, 26) }));
        Assert.That((await Lifetime()).CommitId, Is.EqualTo(first));
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).StartsWith($"Error: the commit {broken[..12]} cannot be served; {first[..12]} keeps serving"));
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).StartsWith("Error: baseline.m2m:5:26: error M2M203: "));

        string good = _pdp.Git.Commit("Mended", TestPolicies.Baseline("7d"));
        status = await Until(status => status.Active.CommitId == good);
        Assert.That(status.Refused, Is.Null);
    }

    [Test]
    public async Task A_commit_that_fails_a_test_of_its_own_is_not_served()
    {
        string first = _pdp.Git.Head;
        string refused = _pdp.Git.Commit("Longer than its test allows", TestPolicies.Baseline("60d"), ("policies/rotation.tests.yaml", """
            now: 2026-11-23T12:00Z
            cases:
              - name: credentials live for a month at most
                given: { device.type: plc }
                expect: { rotation: { lifetime: { at-most: 30d } } }

            """));

        GetStatusResponse status = await Until(status => status.Refused is not null);

        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, refused)));
        Assert.That(status.Refused.Diagnostics.Select(fault => (fault.Code, fault.File, fault.Line)), Is.EqualTo(new[] { ("M2M512", "rotation.tests.yaml", 3) }));
        Assert.That(status.Refused.Diagnostics[0].Message, Does.StartWith("the case `credentials live for a month at most` fails: rotation: expected lifetime at most 30d, got "));
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).StartsWith("Error: rotation.tests.yaml:3:"));

        string mended = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("20d"));
        await Until(status => status.Active.CommitId == mended && status.Refused is null);
    }

    [Test]
    public async Task A_commit_that_violates_an_invariant_is_not_served()
    {
        string first = _pdp.Git.Head;
        (string path, string text) = TestPolicies.Baseline("30d");
        string promising = text + "invariant \"nobody speaks TLS 1.2\" : cipher-suites always { versions 1.3 }\n";
        string refused = _pdp.Git.Commit("A promise that does not hold", (path, promising), ("policies/promise.tests.yaml", """
            now: 2026-11-23T12:00Z
            cases:
              - name: a key in hardware
                given: { firmware.version: 2.4.0, key.protection: hsm }
                expect: { cipher-suites: allow }

            """));

        GetStatusResponse status = await Until(status => status.Refused is not null);

        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, refused)));
        Assert.That(status.Refused.Diagnostics.ToString(), Does.Contain("nobody speaks TLS 1.2"));

        string mended = _pdp.Git.Commit("One that does", (path, promising.Replace("versions 1.2, 1.3", "versions 1.3", StringComparison.Ordinal)));
        await Until(status => status.Active.CommitId == mended && status.Refused is null);
    }

    [TestCase("moved back")]
    [TestCase("rewritten")]
    public async Task A_history_that_does_not_go_forward_is_not_followed(string how)
    {
        string first = _pdp.Git.Head;
        string served = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await Until(status => status.Active.CommitId == served);

        if (how == "moved back")
            _pdp.Git.Git("reset", "--quiet", "--hard", first);
        else
            _pdp.Git.Git("commit", "--quiet", "--amend", "--message", "As if it had been so");
        string other = _pdp.Git.Head;
        GetStatusResponse status = await Until(status => status.Refused is not null);

        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((served, other)));
        string reason = $"{other[..12]} does not follow {served[..12]}, which was served last: the ref was moved back, or its history rewritten; `m2m pdp accept {other[..12]}`, or a new start with `--accept {other[..12]}`, lets it in all the same, if it is signed as it must be";
        Assert.That(status.Refused.Diagnostics.Select(fault => (fault.Code, fault.Message)), Is.EqualTo(new[] { ("", reason) }));
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).EqualTo($"Error: {reason}"));
        Assert.That((await Lifetime()).CommitId, Is.EqualTo(served));

        _pdp.Git.Git("reset", "--quiet", "--hard", served);
        string next = _pdp.Git.Commit("Forward again", TestPolicies.Baseline("8d"));
        await Until(status => status.Active.CommitId == next && status.Refused is null);
    }

    [Test]
    public async Task A_broken_commit_that_is_taken_back_is_forgotten()
    {
        string first = _pdp.Git.Head;
        _pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));
        await Until(status => status.Refused is not null);
        _pdp.Git.Git("reset", "--quiet", "--hard", first);

        GetStatusResponse status = await Until(status => status.Refused is null);

        Assert.That(status.Active.CommitId, Is.EqualTo(first));
    }

    [Test]
    public async Task A_broken_commit_is_said_once_and_not_at_every_look()
    {
        string broken = _pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));
        DateTime seen = (await Until(status => status.Refused is not null)).Refused.SeenAt.ToDateTime();

        GetStatusResponse later = await Until(status => status.LastPolledAt.ToDateTime() > seen + TimeSpan.FromMilliseconds(300));

        Assert.That(later.Refused.SeenAt.ToDateTime(), Is.EqualTo(seen));
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).Contains($"the commit {broken[..12]} cannot be served"));
    }

    [Test]
    public async Task A_commit_without_the_folder_is_refused_with_a_fault_that_is_not_the_authors()
    {
        string first = _pdp.Git.Head;
        _pdp.Git.Git("mv", "policies", "elsewhere");
        string moved = _pdp.Git.Commit("Moved");

        GetStatusResponse status = await Until(status => status.Refused is not null);

        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, moved)));
        Diagnostic fault = status.Refused.Diagnostics.Single();
        Assert.That(fault.Code, Is.Empty);
        Assert.That(fault.Message, Does.Contain("has no folder `policies`"));
    }

    [Test]
    public async Task A_repository_that_is_gone_and_comes_back_is_followed_again()
    {
        string git = Path.Combine(_pdp.Git.Path, ".git"), away = Path.Combine(_pdp.Git.Path, "away");
        Directory.Move(git, away);
        GetStatusResponse status = await Until(status => status.Refused is not null);
        Assert.That(status.Refused.CommitId, Is.Empty);
        Assert.That((await Lifetime()).Days, Is.EqualTo(30));

        Directory.Move(away, git);
        await Until(status => status.Refused is null);
    }

    [Test]
    public async Task A_watcher_hears_of_the_active_revision_at_once_and_then_of_each_that_becomes_active()
    {
        using AsyncServerStreamingCall<WatchResponse> watch = _device.Watch(new WatchRequest());
        WatchResponse first = await Next(watch);
        Assert.That(first.Revision.CommitId, Is.EqualTo(_pdp.Git.Head));
        Assert.That(first.NeededAttributes, Is.EqualTo(new[] { "device.type", "firmware.version" }));

        _pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));
        await Until(status => status.Refused is not null);
        string good = _pdp.Git.Commit("Mended", TestPolicies.Baseline("7d"));

        WatchResponse next = await Next(watch);
        Assert.That(next.Revision.CommitId, Is.EqualTo(good));
        Assert.That(next.Revision.BundleHash, Is.Not.EqualTo(first.Revision.BundleHash));
    }

    [Test]
    public async Task A_watch_ends_when_the_server_does_and_says_why()
    {
        using AsyncServerStreamingCall<WatchResponse> watch = _device.Watch(new WatchRequest());
        await Next(watch);

        Task stopping = _pdp.StopServerAsync();
        RpcException? end = await Assert.ThrowsAsync<RpcException>(async () => await Next(watch));
        await stopping;

        Assert.That(end!.StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(end.Status.Detail, Is.EqualTo("the decision point is shutting down"));
    }

    private async Task<GetStatusResponse> Status() => await _operator.GetStatusAsync(new GetStatusRequest());

    private Task<GetStatusResponse> Until(Func<GetStatusResponse, bool> isSo) => RunningPdp.Eventually(Status, isSo);

    private async Task<(double Days, string CommitId)> Lifetime()
    {
        Decision decision = (await _device.DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } })).Decisions.Single();
        return (decision.Rotation.Lifetime.ToTimeSpan().TotalDays, decision.Revision.CommitId);
    }

    private static async Task<WatchResponse> Next(AsyncServerStreamingCall<WatchResponse> watch)
    {
        Assert.That(await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken), Is.True);
        return watch.ResponseStream.Current;
    }
}
