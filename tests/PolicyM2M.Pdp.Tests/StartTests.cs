using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Store.Remotes;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace PolicyM2M.Pdp.Tests;

/// <summary>How a server starts, or says why it does not; in this process, and as the process that people start.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class StartTests
{
    [Test]
    public async Task The_console_says_what_is_served_and_how_to_ask()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string text = pdp.Console.ToString();

        Assert.That(text, Does.Contain("test-fleet: baseline").And.Contain(pdp.Git.Head[..12]).And.Contain("(Test policies)"));
        Assert.That(text, Does.Contain($"listening on {pdp.Address} ").And.Contain(pdp.Data.Pki));
        Assert.That(text, Does.Contain("DEVELOPMENT credentials").And.Contain("ca-key.pem"));
        Assert.That(text, Does.Contain("buf@1.75.0 curl --protocol grpc").And.Contain($"{pdp.Address}/policym2m.v1.DecisionService/Decide"));
        Assert.That(text, Does.Contain("""-d '{"attributes":{"firmware.version":{"text":"2.6.0"},"device.type":{"text":"plc"}}}'"""));
        Assert.That(pdp.Log.Lines, Has.Some.StartsWith("Warning: development credentials"));
    }

    [Test]
    public async Task A_set_that_does_not_compile_is_not_served_and_every_fault_is_said()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Broken", [.. TestPolicies.Files(), ("policies/baseline.m2m", TestPolicies.Broken)]);

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync());

        Assert.That(fault!.ExitCode, Is.EqualTo(3));
        Assert.That(fault.Message, Does.Contain("baseline.m2m:3:32: error M2M204").And.Contain("baseline.m2m:5:26: error M2M203"));
        Assert.That(Directory.Exists(pdp.Data.Path), Is.False, "nothing is made for a server that does not start");
    }

    [Test]
    public async Task A_restart_while_the_newest_commit_is_broken_serves_the_commit_that_was_served_last_and_says_so()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string good = pdp.Git.Head;
        await pdp.StopServerAsync();
        string broken = pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));

        await pdp.StartServerAsync();

        GetStatusResponse status = await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest());
        Assert.That((status.Active.CommitId, status.Refused?.CommitId), Is.EqualTo((good, broken)));
        Assert.That(status.Refused!.Diagnostics.Select(fault => fault.Code), Is.EqualTo(new[] { "M2M204", "M2M203" }));
        Assert.That(pdp.Log.Lines, Has.Exactly(1).StartsWith($"Error: the commit {broken[..12]} cannot be served; {good[..12]} keeps serving"));
        Assert.That(pdp.Log.Lines, Has.Exactly(1).StartsWith("Error: baseline.m2m:5:26: error M2M203: "));
        Assert.That(pdp.Console.ToString(), Does.Contain($"the newest commit {broken[..12]} cannot be served"));

        string mended = pdp.Git.Commit("Mended", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(async () => await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), now => now.Active.CommitId == mended && now.Refused is null);
    }

    [Test]
    public async Task A_restart_while_the_newest_commit_has_no_such_folder_serves_the_commit_that_was_served_last()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string good = pdp.Git.Head;
        await pdp.StopServerAsync();
        pdp.Git.Git("mv", "policies", "elsewhere");
        string moved = pdp.Git.Commit("Moved");

        await pdp.StartServerAsync();

        GetStatusResponse status = await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest());
        Assert.That((status.Active.CommitId, status.Refused?.CommitId), Is.EqualTo((good, moved)));
    }

    [TestCase("another source")]
    [TestCase("a commit that is gone")]
    public async Task What_was_served_last_is_served_of_the_same_source_only_and_only_where_it_can_be_read(string what)
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string good = pdp.Git.Head;
        await pdp.StopServerAsync();
        pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));
        pdp.Git.Git("branch", "release");
        PdpOptions options = what == "another source" ? pdp.Options() with { Ref = "release" } : pdp.Options();
        string memory = File.ReadAllText(pdp.Data.LastServed);
        Assert.That(memory, Does.Contain(good));
        if (what == "a commit that is gone")
            File.WriteAllText(pdp.Data.LastServed, memory.Replace(good, new string('0', 40), StringComparison.Ordinal));

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync(options));

        Assert.That(fault!.ExitCode, Is.EqualTo(3));
        Assert.That(fault.Message, Does.Contain("error M2M203").And.Contain("`--ref COMMIT`"));
    }

    [TestCase("[ {")]
    [TestCase("{}")]
    [TestCase("[ {} ]")]
    [TestCase("")]
    public async Task Where_nobody_can_tell_what_was_served_last_the_server_does_not_start(string text)
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        File.WriteAllText(pdp.Data.LastServed, text);

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync());

        Assert.That((fault!.ExitCode, fault.Message), Is.EqualTo((1, fault.Message)));
        Assert.That(fault.Message, Does.StartWith($"{pdp.Data.LastServed} cannot be read").And.Contain("mend it, or remove it to start with the newest commit"));
    }

    [Test]
    public async Task A_commit_with_policies_that_were_rolled_back_is_not_served_after_a_restart_either()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string first = pdp.Git.Head, second = pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        PolicyService.PolicyServiceClient policies = pdp.PoliciesAs("operator");
        await RunningPdp.Eventually(async () => await policies.GetStatusAsync(new GetStatusRequest()), now => now.Active.CommitId == second);
        await policies.RollBackAsync(new RollBackRequest { ExpectedActive = second, Reason = "too short" });
        await policies.UnpinAsync(new UnpinRequest { ExpectedActive = first });
        await pdp.StopServerAsync();
        pdp.Git.Git("commit", "--quiet", "--allow-empty", "--message", "Nothing");

        await pdp.StartServerAsync();

        GetStatusResponse status = await RunningPdp.Eventually(async () => await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), now => now.Rollout.Waiting is not null);
        Assert.That((status.Active.CommitId, status.Rollout.Waiting.Revision.CommitId), Is.EqualTo((first, pdp.Git.Head)));
    }

    [Test]
    public async Task Since_when_a_revision_is_active_is_one_moment_everywhere_and_stays_over_restarts()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        Timestamp first = await ActivatedAsync(pdp, pdp.Git.Head);
        await pdp.StopServerAsync();
        await pdp.StartServerAsync();
        Assert.That(await ActivatedAsync(pdp, pdp.Git.Head), Is.EqualTo(first), "the only one that ever was");

        string second = pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        Timestamp later = await ActivatedAsync(pdp, second);
        await pdp.StopServerAsync();
        await pdp.StartServerAsync();
        Assert.That(await ActivatedAsync(pdp, second), Is.EqualTo(later).And.GreaterThan(first));
    }

    private static async Task<Timestamp> ActivatedAsync(RunningPdp pdp, string commit)
    {
        GetStatusResponse status = await RunningPdp.Eventually(async () => await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), now => now.Active.CommitId == commit);
        Assert.That((status.Active.ActivatedAt, status.Rollout.ActivatedAt), Is.EqualTo((status.ActivatedAt, status.ActivatedAt)));
        return status.ActivatedAt;
    }

    [Test]
    public async Task A_second_server_on_a_data_folder_says_so_at_once()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await using RunningPdp other = RunningPdp.Prepare();
        // Without policies: that there are none it would find out only later.
        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => other.StartServerAsync(other.Options() with { Data = pdp.Data.Path }));
        Assert.That(fault!.Message, Is.EqualTo($"the data folder {pdp.Data.Path} cannot be used: another decision point uses it; each has its own (`--data`)"));
    }

    [Test]
    public async Task An_accepted_commit_that_is_none_is_said_to_do_nothing()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Accept = new string('0', 12) });
        Assert.That(pdp.Log.Lines, Has.Some.EqualTo($"Warning: --accept 000000000000 does nothing: {pdp.Git.Path} has no such commit"));
        await pdp.StopServerAsync();
        await pdp.StartServerAsync(pdp.Options() with { Accept = pdp.Git.Head[..12] });
        Assert.That(pdp.Log.Lines, Has.Exactly(1).Contains("has no such commit"));
    }

    [Test]
    public async Task A_first_start_with_other_policies_than_the_example_warns_of_no_device()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        await pdp.StartServerAsync();
        Assert.That(pdp.Log.Lines, Has.None.Contains("what the attribute schema cannot use").And.Some.Contains("7 of them are now in"));
        Assert.That(pdp.Log.Lines, Has.Exactly(1).Contains(" holds 7 devices"));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has other permissions")]
    [UnsupportedOSPlatform("windows")]
    public async Task A_secret_that_everybody_can_read_is_warned_of()
    {
        using var folder = new TemporaryFolder();
        string open = folder.Write("open", "a secret of the auditors"), closed = folder.Write("closed", "a secret of the auditors");
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Pseudonyms = closed }, Access = new RemoteAccess(SshKey: open, Token: open) });
        Assert.That(Warnings(pdp), Is.EqualTo(new[] { "--git-key", "--git-token" }.Select(option => $"Warning: {option}: everybody on this machine can read {open}, which holds a secret; `chmod o-r` keeps it from them")));
        await pdp.StopServerAsync();
        string[] own = [pdp.Data.Key("server"), pdp.Data.AuditKey, pdp.Data.SigningKeys];
        foreach (string secret in own)
            File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        await pdp.StartServerAsync();
        Assert.That(Warnings(pdp).Skip(2), Is.EqualTo(own.Select(secret => $"Warning: --data: everybody on this machine can read {secret}, which holds a secret; `chmod o-r` keeps it from them")));

        static IEnumerable<string> Warnings(RunningPdp pdp) => pdp.Log.Lines.Where(line => line.Contains("everybody on this machine can read", StringComparison.Ordinal));
    }

    [Test]
    public async Task A_log_that_is_gone_while_its_key_is_there_is_told_of()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        Assert.That(pdp.Log.Lines, Has.None.Contains("there was no log in"));
        Directory.Delete(pdp.Data.Audit, recursive: true);
        await pdp.StartServerAsync();
        Assert.That(pdp.Log.Lines, Has.One.EqualTo($"Error: the audit log was not as it had been signed: there was no log in {pdp.Data.Audit}, although its key was there: another one is begun"));
    }

    [Test]
    public async Task A_rewritten_history_is_not_served_after_a_restart_either_until_somebody_accepts_it()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string served = pdp.Git.Head;
        await pdp.StopServerAsync();
        pdp.Git.Git("commit", "--quiet", "--amend", "--message", "As if it had been so");
        string rewritten = pdp.Git.Head;

        await pdp.StartServerAsync();
        GetStatusResponse status = await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest());
        Assert.That((status.Active.CommitId, status.Refused?.CommitId), Is.EqualTo((served, rewritten)));
        await pdp.StopServerAsync();

        await pdp.StartServerAsync(pdp.Options() with { Accept = rewritten[..12] });
        status = await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest());
        Assert.That((status.Active.CommitId, status.Refused), Is.EqualTo((rewritten, (RefusedRevision?)null)));
    }

    [Test]
    public async Task An_accepted_commit_does_not_come_back_for_as_long_as_the_option_stands_there()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        pdp.Git.Git("commit", "--quiet", "--amend", "--message", "As if it had been so");
        string accepted = pdp.Git.Head;
        PdpOptions options = pdp.Options() with { Accept = accepted[..12] };
        await pdp.StartServerAsync(options);
        string mended = pdp.Git.Commit("Mended", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(async () => await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), now => now.Active.CommitId == mended);

        pdp.Git.Git("reset", "--quiet", "--hard", accepted);
        GetStatusResponse status = await RunningPdp.Eventually(async () => await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), now => now.Refused is not null);
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((mended, accepted)));
        Assert.That(pdp.Log.Lines, Has.None.Contains("does nothing"));
        await pdp.StopServerAsync();

        await pdp.StartServerAsync(options);
        status = await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest());
        Assert.That((status.Active.CommitId, status.Refused?.CommitId), Is.EqualTo((mended, accepted)));
        Assert.That(pdp.Log.Lines, Has.Some.EqualTo($"Warning: --accept {accepted[..12]} does nothing: an earlier start took it, and it counts once; take it away"));
        await pdp.PoliciesAs("operator").AcceptHistoryAsync(new AcceptHistoryRequest { ExpectedActive = mended, CommitId = accepted });
        await RunningPdp.Eventually(async () => await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), now => now.Active.CommitId == accepted);
    }

    [Test]
    public async Task A_history_without_the_commit_that_was_served_last_is_not_served()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string served = pdp.Git.Head;
        await pdp.StopServerAsync();
        File.WriteAllText(pdp.Data.LastServed, File.ReadAllText(pdp.Data.LastServed).Replace(served, new string('0', 40), StringComparison.Ordinal));

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync());

        Assert.That(fault!.ExitCode, Is.EqualTo(1));
        Assert.That(fault.Message, Does.StartWith($"{served[..12]} does not follow 000000000000, which was served last").And.Contain($"`--accept {served[..12]}`"));
    }

    [Test]
    public async Task A_repository_without_the_folder_or_the_ref_is_not_served()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Empty");

        await Assert.ThrowsAsync<PolicyStoreException>(() => pdp.StartServerAsync());
        await Assert.ThrowsAsync<PolicyStoreException>(() => pdp.StartServerAsync(pdp.Options() with { Folder = "", Ref = "release" }));
        await Assert.ThrowsAsync<PolicyStoreException>(() => pdp.StartServerAsync(pdp.Options() with { Git = pdp.Data.Path }));
    }

    [Test]
    public async Task A_port_that_is_taken_is_said()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Policies", TestPolicies.Files());
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync(pdp.Options($"{taken.LocalEndpoint}")));

        Assert.That(fault!.ExitCode, Is.EqualTo(1));
        Assert.That(fault.Message, Does.Contain($"cannot listen on {taken.LocalEndpoint}: another process listens there"));
        Assert.That(Directory.Exists(pdp.Data.Path), Is.False, "no keys are made for a server that cannot listen");
    }

    [Test]
    public async Task A_server_that_listens_on_every_address_tells_one_that_can_be_asked()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Policies", TestPolicies.Files());
        await pdp.StartServerAsync(pdp.Options("0.0.0.0:0") with { Development = true });
        int port = new Uri(pdp.Address).Port;
        Assert.That(pdp.Console.ToString(), Does.Contain($"listening on https://0.0.0.0:{port} ").And.Contain($"https://127.0.0.1:{port}/policym2m.v1.").And.Contain($"--pdp https://127.0.0.1:{port}"));
    }

    [Test]
    public async Task A_server_that_others_can_reach_neither_makes_nor_uses_certificates_for_development()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Policies", TestPolicies.Files());
        StartupException? missing = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync(pdp.Options("0.0.0.0:0")));
        Assert.That(missing!.Message, Does.StartWith($"there is no {pdp.Data.Certificate("ca")}, and a server that listens on 0.0.0.0:0 makes no certificates: ").And.Contain("--development"));
        Assert.That(Directory.Exists(pdp.Data.Pki), Is.False);

        await pdp.StartServerAsync();
        await pdp.StopServerAsync();
        StartupException? made = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync(pdp.Options("0.0.0.0:0")));
        Assert.That(made!.Message, Does.StartWith($"the certificates in {pdp.Data.Pki} are for development"));

        using TestAuthority other = TestAuthority.Root("Plant 7");
        File.WriteAllText(pdp.Data.Certificate("ca"), other.Pem);
        await pdp.StartServerAsync(pdp.Options("0.0.0.0:0"));
        Assert.That(pdp.Console.ToString().Split("decision point, process")[^1], Does.Not.Contain("DEVELOPMENT"));
    }

    [Test]
    public async Task A_data_folder_that_is_a_file_is_said_to_be_one()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Policies", TestPolicies.Files());
        File.WriteAllText(pdp.Data.Path, "");
        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync());
        Assert.That(fault!.Message, Does.Contain($"`{pdp.Data.Path}` is a file"));
    }

    [Test]
    public void A_process_that_cannot_run_says_why_in_a_line_and_ends_with_1()
    {
        using var empty = new TemporaryFolder();
        FinishedProcess process = FinishedProcess.Run("dotnet", [Program, "--git", empty.Path, "--data", empty["data"], "--listen", "127.0.0.1:0"]);

        Assert.That((process.ExitCode, process.Output), Is.EqualTo((1, "")));
        Assert.That(process.Error, Does.StartWith("error: no Git repository at").And.Not.Contain("   at "));
    }

    [Test]
    public void A_process_without_a_valid_policy_set_ends_with_3()
    {
        using var git = new TemporaryGitRepository();
        git.Commit("Broken", [.. TestPolicies.Files(), ("policies/baseline.m2m", TestPolicies.Broken)]);
        FinishedProcess process = FinishedProcess.Run("dotnet", [Program, "--git", git.Path, "--data", Path.Combine(git.Path, "data"), "--listen", "127.0.0.1:0"]);

        Assert.That(process.ExitCode, Is.EqualTo(3));
        Assert.That(process.Error, Does.Contain("error M2M203").And.Contain("is not valid").And.Not.Contain("   at "));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no SIGTERM")]
    public async Task A_process_that_is_asked_to_stop_ends_with_0(CancellationToken cancellationToken)
    {
        using var git = new TemporaryGitRepository();
        git.Commit("Policies", TestPolicies.Files());
        // Without --data the folder is in the work tree around the current folder.
        var start = new ProcessStartInfo("dotnet", [Program, "--listen", "127.0.0.1:0"])
        {
            WorkingDirectory = Path.Combine(git.Path, "policies"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line && !line.StartsWith("Ctrl+C", StringComparison.Ordinal))
            Assert.That(line, Does.Not.Contain("Exception"));

        FinishedProcess.Run("kill", ["-TERM", $"{process.Id}"]).Succeeded();
        await process.WaitForExitAsync(cancellationToken);

        Assert.That(process.ExitCode, Is.Zero, await errors);
        Assert.That(File.Exists(Path.Combine(git.Path, ".policym2m/pki/device.pem")), Is.True);
        Assert.That(git.Git("status", "--porcelain"), Is.Empty, "keys must not be one `git add` away from being published");
    }

    private static string Program => typeof(PdpOptions).Assembly.Location;
}
