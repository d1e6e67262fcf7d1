using System.Diagnostics;
using System.Globalization;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Pdp.Revisions.Compiling;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Where commits are compiled, and what is kept of that.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class CompilingTests
{
    private const string Folder = "policies";

    [Test]
    public void A_process_of_its_own_comes_to_the_same()
    {
        using var git = new TemporaryGitRepository();
        var repository = GitPolicyRepository.Open(git.Path);
        string good = git.Commit("Good", TestPolicies.Files()), broken = git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));

        foreach (string commit in new[] { good, broken })
        {
            CompiledRevision here = RevisionCompiler.Compile(repository, commit, Folder), there = CompilerProcess.Compile(repository, commit, Folder, CompilerProcess.Longest, CancellationToken.None).Revision;
            Assert.Multiple(() =>
            {
                Assert.That((there.CommitId, there.Summary, there.Bundle?.Hash), Is.EqualTo((here.CommitId, here.Summary, here.Bundle?.Hash)));
                Assert.That(there.Diagnostics, Is.EqualTo(here.Diagnostics));
                Assert.That(there.Bundle is null, Is.EqualTo(commit == broken));
            });
        }
    }

    [Test]
    public void A_commit_that_cannot_be_read_is_tried_again_and_its_fault_is_told()
    {
        using var git = new TemporaryGitRepository();
        string commit = git.Commit("Elsewhere", ("other/readme", "nothing here"));
        CompilerException? fault = Assert.Throws<CompilerException>(() => CompilerProcess.Compile(GitPolicyRepository.Open(git.Path), commit, Folder, CompilerProcess.Longest, CancellationToken.None));
        PolicyStoreException? same = Assert.Throws<PolicyStoreException>(() => RevisionCompiler.Compile(GitPolicyRepository.Open(git.Path), commit, Folder));
        Assert.That((fault!.MayHeal, fault.Message), Is.EqualTo((true, same!.Message)));
    }

    [Test]
    public void A_process_that_takes_too_long_is_ended_and_its_commit_is_not_tried_again()
    {
        using var git = new TemporaryGitRepository();
        string commit = git.Commit("Many rules", [.. TestPolicies.Files(), ("policies/baseline.m2m", ManyRules())]);
        CompilerException? fault = Assert.Throws<CompilerException>(() => CompilerProcess.Compile(GitPolicyRepository.Open(git.Path), commit, Folder, TimeSpan.Zero, CancellationToken.None));
        Assert.That((fault!.MayHeal, fault.Message), Is.EqualTo((false, "the compiler took longer than 0 minutes: ")));
        Assert.That(CompilerProcess.Longest, Is.EqualTo(TimeSpan.FromMinutes(5)));
    }

    [Test]
    [Platform("Linux")]
    public async Task The_process_comes_after_who_answers_and_is_the_first_to_go_where_memory_runs_out()
    {
        using var git = new TemporaryGitRepository();
        string commit = git.Commit("Many rules", [.. TestPolicies.Files(), ("policies/baseline.m2m", ManyRules())]);
        string[] program = CompilerEntry.Program;
        using Process compiler = Process.Start(new ProcessStartInfo(program[0], [.. program[1..], CompilerEntry.Verb, git.Path, commit, Folder]) { RedirectStandardOutput = true })!;
        try
        {
            // Its output is not read, and is more than a pipe holds: it cannot end before it was looked at.
            await RunningPdp.Eventually(() => Task.FromResult(File.ReadAllText($"/proc/{compiler.Id}/oom_score_adj").Trim()), score => score == "1000");
            string[] threads = [.. Directory.EnumerateDirectories($"/proc/{compiler.Id}/task").Select(thread => File.ReadAllText($"{thread}/stat"))];
            // proc(5): nice is the 19th field, of which two stand before the end of the name.
            Assert.That(threads.Where(stat => int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture) != 10), Is.Empty);
        }
        finally
        {
            compiler.Kill();
        }
    }

    [Test]
    public void The_process_sees_no_secrets_of_the_environment()
    {
        const string Name = "PGPASSWORD_OF_A_TEST";
        Environment.SetEnvironmentVariable(Name, "hunter2");
        try
        {
            ProcessStartInfo start = CompilerProcess.Describe("/repository", "commit", Folder);
            Assert.That(start.Environment.Keys, Does.Contain("PATH").And.Not.Contain(Name));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Name, null);
        }
    }

    [Test]
    public void What_was_kept_is_used_only_where_it_is_whole_and_of_this_commit_folder_and_program()
    {
        Bundle bundle = Compile("30d");
        byte[] file = CompiledFile.Write(new CompiledRevision("c1", "Summary", [], bundle), Folder);
        CompiledRevision read = CompiledFile.Read(file, "c1", Folder);
        Assert.That((read.CommitId, read.Summary, read.Bundle!.Hash), Is.EqualTo(("c1", "Summary", bundle.Hash)));
        Assert.Throws<InvalidDataException>(() => CompiledFile.Read(file, "c2", Folder));
        Assert.Throws<InvalidDataException>(() => CompiledFile.Read(file, "c1", "other"));
        for (int place = 0; place < file.Length; place += 7)
        {
            byte[] damaged = [.. file];
            damaged[place] ^= 1;
            Assert.Throws<InvalidDataException>(() => CompiledFile.Read(damaged, "c1", Folder));
        }
        for (int length = 0; length < file.Length; length += 97)
            Assert.Throws<InvalidDataException>(() => CompiledFile.Read(file.AsMemory(0, length), "c1", Folder));
    }

    [Test]
    public async Task A_restart_takes_what_was_kept_and_compiles_where_that_cannot_be_used()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string served = await HashAsync(pdp);
        await pdp.StopServerAsync();
        string kept = Directory.EnumerateFiles(pdp.Data.Compiled).Single();
        Assert.That(Path.GetFileName(kept), Does.StartWith(pdp.Git.Head));

        // Another bundle in its place shows where answers are made from.
        Bundle other = Compile("7d");
        PrivateFile.Replace(kept, CompiledFile.Write(new CompiledRevision(pdp.Git.Head, "Test policies", [], other), Folder));
        await pdp.StartServerAsync();
        Assert.That(await HashAsync(pdp), Is.EqualTo(other.Hash).And.Not.EqualTo(served));
        await pdp.StopServerAsync();

        byte[] damaged = File.ReadAllBytes(kept);
        damaged[^1] ^= 1;
        PrivateFile.Replace(kept, damaged);
        await pdp.StartServerAsync();
        Assert.That(await HashAsync(pdp), Is.EqualTo(served));
    }

    [Test]
    public async Task Of_what_was_compiled_only_what_may_answer_again_is_kept()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        PolicyService.PolicyServiceClient policies = pdp.PoliciesAs("operator");
        string first = pdp.Git.Head, latest = first;
        for (int day = 1; day <= 7; day++)
        {
            latest = pdp.Git.Commit($"Change {day}", TestPolicies.Baseline($"{day}d"));
            await RunningPdp.Eventually(async () => await policies.GetStatusAsync(new GetStatusRequest()), status => status.Active.CommitId == latest);
        }
        // The server answers from a commit before it forgets what others compiled to.
        string[] kept = await RunningPdp.Eventually(
            () => Task.FromResult<string[]>([.. Directory.EnumerateFiles(pdp.Data.Compiled).Select(file => Path.GetFileName(file).Split('-')[0])]), files => files.Length <= 6);
        Assert.That(kept, Has.Length.EqualTo(6).And.Contains(latest).And.Not.Contains(first));
    }

    private static async Task<string> HashAsync(RunningPdp pdp) => (await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).Active.BundleHash;

    private static Bundle Compile(string lifetime) =>
        PolicyCompiler.Compile([.. TestPolicies.Files(lifetime).Select(file => new SourceFile(file.Path["policies/".Length..], file.Text))]).Bundle!;

    private static string ManyRules() => "policy baseline\n\nrotation {\n"
        + string.Concat(Enumerable.Range(0, 3_000).Select(rule => $"  when device.id == \"device-{rule}\" use {{ lifetime {rule + 1}h }}\n"))
        + "  otherwise use { lifetime 1h }\n}\n";
}
