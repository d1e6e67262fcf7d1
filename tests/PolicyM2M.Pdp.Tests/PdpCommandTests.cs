using System.Text.Json;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;
using Stage = PolicyM2M.Pdp.Rollouts.RolloutStage;

namespace PolicyM2M.Pdp.Tests;

/// <summary><c>m2m pdp</c> as its own process, against a real server.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class PdpCommandTests
{
    private RunningPdp _pdp = null!;
    private string _first = "", _second = "";

    [SetUp]
    public async Task Start()
    {
        _pdp = RunningPdp.Prepare();
        _first = _pdp.Git.Commit("Test policies", TestPolicies.Files());
        _pdp.WriteRegistry(TestRegistry.Json);
        await _pdp.StartServerAsync(_pdp.Options() with { Rollout = new Stage.Shadow() });
        _second = _pdp.Git.Commit("Shorter \u001B[2J", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(async () => (await _pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).Rollout.Candidate, candidate => candidate is not null);
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task A_trial_from_its_differences_to_its_end()
    {
        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest());

        FinishedProcess status = M2M("status"), differences = M2M("differences", "--check");
        Assert.That((status.ExitCode, status.Error), Is.EqualTo((0, "")));
        Assert.That(status.Output, Does.Contain($"active        {_first[..12]} since ").And.Contain($"candidate     {_second[..12]} shadow since ").And.Contain("1 of 3 decisions differ"));
        Assert.That(status.Output, Does.Not.Contain('\u001B'), "a commit's message must not steer a terminal");
        Assert.That(differences.ExitCode, Is.EqualTo(4));
        Assert.That(differences.Output, Does.Contain("rotation tighter, 1 times, last by plc-0042 at ")
            .And.Contain("  - { lifetime 30d  ").And.Contain("  + { lifetime 7d  ").And.Contain("      baseline rotation otherwise (baseline.m2m:16)\n"));

        Assert.That(M2M("stage", "canary:25").Output, Does.Contain($"candidate     {_second[..12]} canary:25 since "));
        Assert.That(M2M("promote").Output, Does.Contain($"active        {_second[..12]} since "));
        FinishedProcess back = M2M("rollback", "--reason", "sensors drop out", "--json");
        Assert.That(back.ExitCode, Is.EqualTo(0), back.Error);
        using (JsonDocument state = JsonDocument.Parse(back.Output))
        {
            Assert.That(state.RootElement.GetProperty("active").GetProperty("commitId").GetString(), Is.EqualTo(_first));
            Assert.That(state.RootElement.GetProperty("pin").GetProperty("reason").GetString(), Is.EqualTo("sensors drop out"));
        }
        string list = M2M("revisions").Output;
        Assert.That(list, Does.Match($"{_first[..12]} .* active, pinned +Test policies").And.Match($"{_second[..12]} .* rolled back +Shorter"));
        Assert.That((M2M("unpin").ExitCode, M2M("pin", "--reason", "holidays").ExitCode), Is.EqualTo((0, 0)));
    }

    [TestCase("promote 0123456789ab", "0123456789ab is not the candidate; that is ")]
    [TestCase("unpin", "there is no pin")]
    [TestCase("rollback 0123456789ab --reason x", "no commit 0123456789ab is known to have been active here; list the revisions")]
    [TestCase("rollback main --reason x", "`commit_id` is not the id of a commit in lower case, or at least its first 12 digits")]
    [TestCase("accept 0123456789ab", "0123456789ab is not the commit that was refused for its history")]
    [TestCase("rollback", "--reason")]
    [TestCase("stage canary:0", "`canary:0` is no stage")]
    [TestCase("promtoe", "there is no command `promtoe` of pdp; did you mean `promote`?")]
    [TestCase("status --cert nowhere.pem", "--cert: there is no file `nowhere.pem`")]
    public void What_cannot_be_done_says_why_and_changes_nothing(string arguments, string reason)
    {
        FinishedProcess run = M2M(arguments.Split(' '));

        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.StartWith("m2m: ").And.Contain(reason));
    }

    [Test]
    public void Who_is_no_operator_is_told_so()
    {
        FinishedProcess run = M2M("status", "--cert", _pdp.Data.Certificate("device"), "--key", _pdp.Data.Key("device"));

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("may not call").And.Contain("only operators may"));
    }

    [Test]
    public async Task A_server_that_is_away_or_is_another_is_said_to_be()
    {
        using var other = new TemporaryFolder();
        var elsewhere = new DataFolder(other["data"]);
        TestCertificates.MakeAuthority(elsewhere);
        Assert.That(M2M("status", "--ca", elsewhere.Certificate("ca")).Error, Does.Contain("cannot be reached: ").And.Contain("certificate"));

        string[] arguments = Arguments("status");
        await _pdp.StopServerAsync();
        Assert.That(M2MProcess.Run(arguments).Error, Does.Contain("cannot be reached: Connection refused"));
    }

    private FinishedProcess M2M(params string[] arguments) => M2MProcess.Run(Arguments(arguments));

    private string[] Arguments(params string[] verb)
    {
        string[] usual = ["--cert", _pdp.Data.Certificate("operator"), "--key", _pdp.Data.Key("operator"), "--ca", _pdp.Data.Certificate("ca")];
        IEnumerable<string> missing = usual.Chunk(2).Where(option => !verb.Contains(option[0])).SelectMany(option => option);
        return verb[0] == "promtoe" ? ["pdp", .. verb] : ["pdp", .. verb, "--pdp", _pdp.Address, .. missing];
    }
}
