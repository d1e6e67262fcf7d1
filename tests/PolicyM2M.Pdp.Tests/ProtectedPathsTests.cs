using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Files that take two signers to change, as the manifest says.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class ProtectedPathsTests
{
    private const string Protected = "name: test-fleet\nattributes: device.attributes.yaml\npolicies:\n  - baseline.m2m\nprotected:\n  - { paths: [baseline.m2m], signers: 2 }\n";
    private const string Open = "name: test-fleet\nattributes: device.attributes.yaml\npolicies:\n  - baseline.m2m\n";

    private readonly TemporaryFolder _folder = new();
    private RunningPdp _pdp = null!;
    private SshKey _alice = null!, _bob = null!, _second = null!;

    [OneTimeSetUp]
    public void MakeKeys()
    {
        (_alice, _bob, _second) = (SshKey.Make(_folder, "alice"), SshKey.Make(_folder, "bob"), SshKey.Make(_folder, "alice2"));
        _folder.Write("allowed", _alice.Line("alice") + _second.Line("alice") + _bob.Line("bob"));
    }

    [OneTimeTearDown]
    public void DeleteKeys() => _folder.Dispose();

    /// <summary>Begins with a set that both have signed.</summary>
    [SetUp]
    public async Task Start()
    {
        _pdp = RunningPdp.Prepare();
        Commit(_alice, [.. TestPolicies.Files(), ("policies/policyset.yaml", Protected)]);
        Commit(_bob);
        await _pdp.StartServerAsync(Options());
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task A_change_counts_once_a_second_person_has_signed_it_on_top()
    {
        string served = _pdp.Git.Head, changed = Commit(_alice, TestPolicies.Baseline("7d"));
        await Refused(served, changed, $"the commit {changed[..12]} changes `baseline.m2m` or the manifest, which take 2 signers to change: alice signed so far since {served[..12]}, which was served last; "
            + "another allowed signer signs it with `git commit --allow-empty -S` on top");

        string again = Commit(_second);
        await Refused(served, again, $"the commit {again[..12]} changes `baseline.m2m` or the manifest, which take 2 signers to change: alice signed so far since {served[..12]}, which was served last; "
            + "another allowed signer signs it with `git commit --allow-empty -S` on top");

        await Served(Commit(_bob));
    }

    [Test]
    public async Task A_merge_that_the_second_person_signs_counts_for_what_was_merged()
    {
        _pdp.Git.Git("checkout", "--quiet", "-b", "change");
        Commit(_alice, TestPolicies.Baseline("7d"));
        _pdp.Git.Git("checkout", "--quiet", "main");
        _pdp.Git.SignWith(_bob);
        _pdp.Git.Git("merge", "--quiet", "--no-ff", "-S", "--no-edit", "change");

        await Served(_pdp.Git.Head);
    }

    [Test]
    public async Task Who_signed_the_files_before_somebody_changed_them_again_did_not_sign_the_change()
    {
        string served = _pdp.Git.Head;
        Commit(_alice, TestPolicies.Baseline("7d"));
        string changed = Commit(_bob, TestPolicies.Baseline("60d"));

        await Refused(served, changed, "bob signed so far");
    }

    [Test]
    public async Task What_is_not_protected_takes_one_signer_or_none() =>
        await Served(Commit(null, ("policies/notes.txt", "as you like")));

    [Test]
    public async Task A_protected_file_that_is_deleted_is_a_change_too()
    {
        string served = _pdp.Git.Head;
        _pdp.Git.Delete("policies/baseline.m2m");
        string deleted = Commit(_alice);

        await Refused(served, deleted, "alice signed so far");
    }

    [Test]
    public async Task A_commit_cannot_take_its_own_protection_away_at_once_or_in_two_steps()
    {
        string served = _pdp.Git.Head;
        string open = Commit(_alice, ("policies/policyset.yaml", Open));
        await Refused(served, open, "alice signed so far");
        string changed = Commit(_alice, TestPolicies.Baseline("60d"));
        await Refused(served, changed, "alice signed so far");
    }

    [Test]
    public async Task Two_people_can_take_the_protection_away_and_one_cannot_bring_it_in()
    {
        Commit(_alice, ("policies/policyset.yaml", Open));
        string open = Commit(_bob);
        await Served(open);
        await Served(Commit(_alice, TestPolicies.Baseline("7d")));
        string served = _pdp.Git.Head;

        await Refused(served, Commit(_alice, ("policies/policyset.yaml", Protected)), "alice signed so far");
    }

    [Test]
    public async Task A_first_start_asks_for_the_signatures_in_all_of_the_history_and_a_restart_does_not_ask_again()
    {
        string served = _pdp.Git.Head;
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(Options() with { AllowedSigners = _folder.Write("only-bob", _bob.Line("bob")) });
        await Served(served);
        await _pdp.StopServerAsync();

        StartupException? refusal = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(Options() with { AllowedSigners = _folder["only-bob"], Data = _folder["new"] }));
        Assert.That((refusal!.ExitCode, refusal.Message), Is.EqualTo((3, refusal.Message)));
        Assert.That(refusal.Message, Does.Contain("bob signed so far"));
        await _pdp.StartServerAsync(Options() with { Data = _folder["new"] });
    }

    [Test]
    public async Task A_signature_from_before_a_rule_was_mended_does_not_help_to_undo_it()
    {
        // It follows HEAD, and must not come by while that is on the branch.
        await _pdp.StopServerAsync();
        _pdp.Git.Git("checkout", "--quiet", "-b", "old");
        Commit(_bob, ("policies/notes.txt", "as you like"));
        _pdp.Git.Git("checkout", "--quiet", "main");
        await _pdp.StartServerAsync(Options());
        Commit(_alice, TestPolicies.Baseline("7d"));
        string served = Commit(_bob);
        await Served(served);

        _pdp.Git.Git("merge", "--quiet", "--no-ff", "--no-commit", "old");
        string undone = Commit(_alice, TestPolicies.Baseline("30d"));
        await Refused(served, undone, "alice signed so far");
        await _pdp.StopServerAsync();
        StartupException? refusal = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(Options() with { Data = _folder["fresh"] }));
        Assert.That(refusal!.ExitCode, Is.EqualTo(3));
        Assert.That(refusal.Message, Does.Contain("alice signed so far"), "nor where nothing was served yet");
        await _pdp.StartServerAsync(Options());
        await Served(Commit(_bob));
    }

    [Test]
    public async Task A_server_that_cannot_check_signatures_does_not_serve_what_asks_for_them()
    {
        await _pdp.StopServerAsync();

        StartupException? refusal = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(_pdp.Options() with { Data = _folder["other"] }));

        Assert.That(refusal!.Message, Does.StartWith("the manifest protects `baseline.m2m` or the manifest, which take 2 signers to change, and nobody said whose signatures count"));
    }

    private PdpOptions Options() => _pdp.Options() with { AllowedSigners = _folder["allowed"] };

    private string Commit(SshKey? key, params (string Path, string Text)[] files)
    {
        _pdp.Git.SignWith(key);
        return _pdp.Git.Commit("A change", files);
    }

    private async Task Served(string commit) => await Until(status => status.Active.CommitId == commit && status.Refused is null);

    private async Task Refused(string served, string commit, string why)
    {
        GetStatusResponse status = await Until(status => status.Refused?.CommitId == commit);
        Assert.That(status.Active.CommitId, Is.EqualTo(served));
        Assert.That(status.Refused.Diagnostics.Single().Message, Does.Contain(why));
    }

    private async Task<GetStatusResponse> Until(Func<GetStatusResponse, bool> isSo)
    {
        PolicyService.PolicyServiceClient client = _pdp.PoliciesAs("operator");
        return await RunningPdp.Eventually(async () => await client.GetStatusAsync(new GetStatusRequest()), isSo);
    }
}
