using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A server that serves only what an allowed signer signed; real keys, real signatures.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class SignedRevisionTests
{
    private readonly TemporaryFolder _folder = new();
    private RunningPdp _pdp = null!;
    private SshKey _alice = null!;
    private SshKey _mallory = null!;

    [OneTimeSetUp]
    public void MakeKeys() => (_alice, _mallory) = (SshKey.Make(_folder, "alice"), SshKey.Make(_folder, "mallory", "ecdsa", 256));

    [OneTimeTearDown]
    public void DeleteKeys() => _folder.Dispose();

    [SetUp]
    public void Prepare()
    {
        _pdp = RunningPdp.Prepare();
        Allow(_alice.Line("alice@example.com", "namespaces=\"git\""));
        _pdp.Git.SignWith(_alice);
        _pdp.Git.Commit("Test policies", TestPolicies.Files());
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task A_signed_commit_is_served_and_the_log_says_who_signed_it()
    {
        await Start();
        string first = _pdp.Git.Head;
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));

        await Until(status => status.Active.CommitId == second);

        Assert.That(_pdp.Log.Lines, Has.Exactly(1).EqualTo($"Information: the commit {first[..12]} is signed by alice@example.com")
            .And.Exactly(1).EqualTo($"Information: the commit {second[..12]} is signed by alice@example.com"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_commit_that_nobody_signed_or_somebody_else_did_changes_nothing_until_a_signed_one_follows_it(bool byAnother)
    {
        await Start();
        string first = _pdp.Git.Head;
        _pdp.Git.SignWith(byAnother ? _mallory : null);
        string refused = _pdp.Git.Commit("Looser", TestPolicies.Baseline("60d"));
        GetStatusResponse status = await Until(status => status.Refused is not null);

        string reason = byAnother
            ? $"the commit {refused[..12]} is signed with the ecdsa-sha2-nistp256 key {_mallory.Fingerprint}, which {_folder["allowed"]} does not name"
            : $"the commit {refused[..12]} is not signed; `git commit -S` with `gpg.format=ssh` signs one";
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, refused)));
        Assert.That(status.Refused.Diagnostics.Select(fault => (fault.Code, fault.Message)), Is.EqualTo(new[] { ("", reason) }));
        DateTime polled = status.LastPolledAt.ToDateTime();
        await Until(status => status.LastPolledAt.ToDateTime() > polled);
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).EqualTo($"Error: the commit {refused[..12]} cannot be served; {first[..12]} keeps serving").And.Exactly(1).EqualTo($"Error: {reason}"));

        // Whoever signs on top answers for what is below.
        _pdp.Git.SignWith(_alice);
        string signed = _pdp.Git.Commit("Reviewed");
        await Until(status => status.Active.CommitId == signed && status.Refused is null);
    }

    [Test]
    public async Task A_signer_who_is_allowed_later_or_no_longer_counts_from_then_on_without_a_restart()
    {
        await Start();
        _pdp.Git.SignWith(_mallory);
        string commit = _pdp.Git.Commit("By a new colleague", TestPolicies.Baseline("7d"));
        await Until(status => status.Refused is not null);

        Allow(_mallory.Line("new@example.com"));
        await Until(status => status.Active.CommitId == commit && status.Refused is null);

        _pdp.Git.SignWith(_alice);
        _pdp.Git.Commit("By one who left", TestPolicies.Baseline("8d"));
        GetStatusResponse status = await Until(status => status.Refused is not null);
        Assert.That(status.Active.CommitId, Is.EqualTo(commit));
    }

    [TestCase("")]
    [TestCase("alice cert-authority ssh-ed25519 AAAA\n")]
    public async Task A_file_of_signers_that_cannot_be_used_lets_nothing_new_through(string text)
    {
        await Start();
        Allow(text);
        string first = _pdp.Git.Head;
        _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));

        GetStatusResponse status = await Until(status => status.Refused is not null);

        Assert.That(status.Active.CommitId, Is.EqualTo(first));
        Assert.That(status.Refused.Diagnostics.Single().Message, Does.StartWith($"{_folder["allowed"]}:"));
    }

    [Test]
    public async Task What_was_served_last_is_served_after_a_restart_even_where_its_signer_left_meanwhile()
    {
        await Start();
        string first = _pdp.Git.Head;
        await _pdp.StopServerAsync();
        Allow(_mallory.Line("mallory"));
        await Start();
        Assert.That((await Until(_ => true)).Active.CommitId, Is.EqualTo(first));
        await _pdp.StopServerAsync();

        string second = _pdp.Git.Commit("By one who left", TestPolicies.Baseline("7d"));
        await Start();
        GetStatusResponse status = await Until(_ => true);
        Assert.That((status.Active.CommitId, status.Refused?.CommitId), Is.EqualTo((first, second)));
    }

    [Test]
    public async Task What_was_served_while_nobody_had_to_sign_is_not_served_once_somebody_must()
    {
        _pdp.Git.SignWith(null);
        string unsigned = _pdp.Git.Commit("Unsigned", TestPolicies.Baseline("7d"));
        await _pdp.StartServerAsync();
        Assert.That((await Until(_ => true)).Active.CommitId, Is.EqualTo(unsigned));
        await _pdp.StopServerAsync();

        StartupException? fault = await Assert.ThrowsAsync<StartupException>(Start);

        Assert.That((fault!.ExitCode, fault.Message), Is.EqualTo((3, $"the commit {unsigned[..12]} is not signed; `git commit -S` with `gpg.format=ssh` signs one")));
    }

    [Test]
    public async Task To_accept_a_rewritten_history_is_not_to_accept_that_nobody_signed_it()
    {
        await Start();
        string first = _pdp.Git.Head;
        await _pdp.StopServerAsync();
        _pdp.Git.SignWith(null);
        _pdp.Git.Git("commit", "--quiet", "--amend", "--message", "As if it had been so");

        await _pdp.StartServerAsync(Options() with { Accept = _pdp.Git.Head[..12] });

        GetStatusResponse status = await Until(_ => true);
        Assert.That((status.Active.CommitId, status.Refused?.Diagnostics.Single().Message), Is.EqualTo((first, $"the commit {_pdp.Git.Head[..12]} is not signed; `git commit -S` with `gpg.format=ssh` signs one")));
    }

    [Test]
    public async Task Options_that_would_trust_nobody_or_everybody_are_refused()
    {
        StartupException? nobody = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(_pdp.Options() with { RequireSigned = true }));
        Assert.That(nobody!.Message, Does.StartWith("--require-signed: `--allowed-signers FILE`"));

        string inside = _pdp.Git.Write("allowed", _mallory.Line("mallory"));
        StartupException? everybody = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(Options() with { AllowedSigners = inside }));
        Assert.That(everybody!.Message, Does.StartWith($"--allowed-signers: `{inside}` lies in the repository"));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows makes links for administrators only")]
    public async Task Signers_that_lie_in_the_repository_behind_a_link_are_refused_too()
    {
        using var elsewhere = new TemporaryFolder();
        string inside = _pdp.Git.Write("allowed", _mallory.Line("mallory"));
        File.CreateSymbolicLink(elsewhere["file"], inside);
        Directory.CreateSymbolicLink(elsewhere["folder"], _pdp.Git.Path);
        File.CreateSymbolicLink(elsewhere["further"], "folder/allowed");
        foreach (string link in new[] { elsewhere["file"], elsewhere["folder/allowed"], elsewhere["further"] })
        {
            StartupException? refusal = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(Options() with { AllowedSigners = link }));
            Assert.That(refusal!.Message, Does.Contain("lies in the repository"), link);
        }
        StartupException? behind = await Assert.ThrowsAsync<StartupException>(
            () => _pdp.StartServerAsync(_pdp.Options() with { Git = elsewhere["folder"], AllowedSigners = inside, RequireSigned = true }));
        Assert.That(behind!.Message, Does.Contain("lies in the repository"));

        File.CreateSymbolicLink(elsewhere["round"], "about");
        File.CreateSymbolicLink(elsewhere["about"], "round");
        StartupException? round = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(Options() with { AllowedSigners = elsewhere["round"] }));
        Assert.That(round!.Message, Does.Contain("more than 40 links"));

        PolicyStoreException? missing = await Assert.ThrowsAsync<PolicyStoreException>(() => _pdp.StartServerAsync(Options() with { AllowedSigners = _folder["nowhere"] }));
        Assert.That(missing!.Message, Does.StartWith($"{_folder["nowhere"]}: the file of allowed signers cannot be read"));
    }

    private PdpOptions Options() => _pdp.Options() with { AllowedSigners = _folder["allowed"], RequireSigned = true };

    private Task Start() => _pdp.StartServerAsync(Options());

    /// <summary>Written as a whole and then moved, as a careful operator does.</summary>
    private void Allow(string text) => File.Move(_folder.Write("unfinished", text), _folder["allowed"], overwrite: true);

    private async Task<GetStatusResponse> Until(Func<GetStatusResponse, bool> isSo)
    {
        PolicyService.PolicyServiceClient client = _pdp.PoliciesAs("operator");
        return await RunningPdp.Eventually(async () => await client.GetStatusAsync(new GetStatusRequest()), isSo);
    }
}
