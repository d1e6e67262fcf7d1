using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A server whose policies are in a remote repository, which is not always there.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RemoteFollowingTests
{
    private RunningPdp _pdp = null!;

    [SetUp]
    public void Prepare()
    {
        _pdp = RunningPdp.Prepare();
        _pdp.Git.Commit("Test policies", TestPolicies.Files());
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    private string Url => $"file://{_pdp.Git.Path}";

    private string Clone => Directory.GetDirectories(_pdp.Data.Clones).Single();

    private PdpOptions Options() => _pdp.Options() with { Git = Url, Fetch = TimeSpan.FromMilliseconds(100) };

    private Task Start() => _pdp.StartServerAsync(Options());

    [Test]
    public async Task A_commit_that_is_pushed_is_fetched_and_served()
    {
        await Start();
        GetStatusResponse status = await Until(_ => true);
        Assert.That((status.Active.CommitId, status.Repository, status.Ref), Is.EqualTo((_pdp.Git.Head, Url, "HEAD")));

        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));

        await Until(status => status.Active.CommitId == second && status.Refused is null);
    }

    [Test]
    public async Task A_remote_that_cannot_be_reached_is_told_once_and_again_when_it_can()
    {
        await Start();
        string first = _pdp.Git.Head;
        HideRemote();
        GetStatusResponse status = await Until(status => status.Refused is not null);
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, "")));
        Assert.That(status.Refused.Diagnostics.Single().Message, Does.StartWith($"the remote {Url} cannot be fetched: "));
        DateTime seen = status.Refused.SeenAt.ToDateTime();
        status = await Until(status => status.LastPolledAt.ToDateTime() > seen + TimeSpan.FromSeconds(1));
        Assert.That(status.Refused.SeenAt.ToDateTime(), Is.EqualTo(seen));

        ShowRemote();
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await Until(status => status.Active.CommitId == second && status.Refused is null);
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).StartsWith($"Error: the repository cannot be followed, and {first[..12]} keeps serving: the remote {Url} cannot be fetched: "));
    }

    [Test]
    public async Task A_server_that_starts_while_the_remote_cannot_be_reached_serves_what_was_fetched_before()
    {
        await Start();
        string first = _pdp.Git.Head;
        await _pdp.StopServerAsync();
        HideRemote();

        await Start();
        GetStatusResponse status = await Until(status => status.Refused is not null);
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, "")));

        ShowRemote();
        await Until(status => status.Refused is null);
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).EqualTo("Information: the newest commit is served again"));
    }

    [Test]
    public async Task A_remote_that_was_never_fetched_is_not_served()
    {
        PolicyStoreException? fault = await Assert.ThrowsAsync<PolicyStoreException>(() => _pdp.StartServerAsync(Options() with { Git = $"{Url}/nowhere" }));

        Assert.That(fault!.Message, Does.StartWith($"the remote {Url}/nowhere cannot be fetched: fatal: "));
    }

    [Test]
    public async Task A_push_by_force_is_not_followed()
    {
        await Start();
        string first = _pdp.Git.Head;
        _pdp.Git.Git("commit", "--quiet", "--amend", "--message", "As if it had been so");

        GetStatusResponse status = await Until(status => status.Refused is not null);
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, _pdp.Git.Head)));
        await _pdp.StopServerAsync();

        await Start();
        status = await Until(status => status.Refused is not null);
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, _pdp.Git.Head)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_damaged_clone_is_made_anew_while_the_server_runs_and_before_it_starts(bool isRestarted)
    {
        await Start();
        if (isRestarted)
            await _pdp.StopServerAsync();
        string pack = Directory.GetFiles(Path.Combine(Clone, "objects/pack"), "*.pack").Single();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        byte[] bytes = File.ReadAllBytes(pack);
        bytes.AsSpan(20, bytes.Length - 40).Clear();
        File.WriteAllBytes(pack, bytes);
        if (isRestarted)
            await Start();
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));

        await Until(status => status.Active.CommitId == second && status.Refused is null);
    }

    [Test]
    public async Task What_no_policy_set_may_hold_is_refused_and_what_it_may_is_not()
    {
        await Start();
        string first = _pdp.Git.Head;
        File.CreateSymbolicLink(Path.Combine(_pdp.Git.Path, "policies/outside.m2m"), "/etc/passwd");
        string link = _pdp.Git.Commit("A link");
        GetStatusResponse status = await Until(status => status.Refused is not null);
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((first, link)));
        Assert.That(status.Refused.Diagnostics.Single().Message, Is.EqualTo("`outside.m2m` is a symbolic link; commit the file or the folder itself"));

        File.Delete(Path.Combine(_pdp.Git.Path, "policies/outside.m2m"));
        var noise = new byte[9 << 20];
        new Random(1).NextBytes(noise);
        File.WriteAllBytes(_pdp.Git.Write("policies/firmware.bin", ""), noise);
        string huge = _pdp.Git.Commit("A large binary file", TestPolicies.Baseline("7d"));
        await Until(status => status.Active.CommitId == huge && status.Refused is null);
    }

    [Test]
    public async Task Signatures_are_asked_of_a_remote_too()
    {
        using var folder = new TemporaryFolder();
        var alice = SshKey.Make(folder, "alice");
        _pdp.Git.SignWith(alice);
        string signed = _pdp.Git.Commit("Signed");
        await _pdp.StartServerAsync(Options() with { AllowedSigners = folder.Write("allowed", alice.Line("alice")), RequireSigned = true });
        _pdp.Git.SignWith(null);
        string unsigned = _pdp.Git.Commit("Unsigned");

        GetStatusResponse status = await Until(status => status.Refused is not null);

        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((signed, unsigned)));
    }

    [Test]
    public void A_remote_that_cannot_be_reached_is_tried_less_and_less_often_and_at_once_where_somebody_knows_of_news()
    {
        var clock = new ManualTime();
        TimeSpan every = TimeSpan.FromSeconds(30);
        FollowedRemote remote = FollowedRemote.Find(Options() with { Fetch = every }, _pdp.Data, clock)!;
        HideRemote();
        Assert.That(Refresh(), Is.True, "it is not time yet");
        foreach (int pauses in new[] { 1, 2, 4 })
        {
            clock.Advance(every * pauses - TimeSpan.FromSeconds(1));
            ShowRemote();
            Assert.That(Refresh(), Is.EqualTo(pauses == 1), "between two attempts nothing is tried");
            HideRemote();
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.That(Refresh(), Is.False, "it is tried, and fails");
        }
        ShowRemote();
        Assert.That(Refresh(), Is.False);
        Assert.That(remote.Refresh(isNews: true, CancellationToken.None), Is.False);
        Assert.That(Refresh(), Is.True);

        bool Refresh()
        {
            try
            {
                remote.Refresh(isNews: false, TestContext.CurrentContext.CancellationToken);
                return true;
            }
            catch (PolicyStoreException)
            {
                return false;
            }
        }
    }

    private void HideRemote() => Directory.Move($"{_pdp.Git.Path}/.git", $"{_pdp.Git.Path}/away");

    private void ShowRemote() => Directory.Move($"{_pdp.Git.Path}/away", $"{_pdp.Git.Path}/.git");

    private async Task<GetStatusResponse> Until(Func<GetStatusResponse, bool> isSo)
    {
        PolicyService.PolicyServiceClient client = _pdp.PoliciesAs("operator");
        return await RunningPdp.Eventually(async () => await client.GetStatusAsync(new GetStatusRequest()), isSo);
    }
}
