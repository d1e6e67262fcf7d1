using PolicyM2M.Store.Remotes;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Remotes;

/// <summary>A remote behind a real sshd.</summary>
[TestFixture]
[CancelAfter(120_000)]
[Platform(Exclude = "Win", Reason = "sshd as Debian has it")]
public sealed class SshRemoteTests
{
    private readonly TemporaryGitRepository _git = new();
    private readonly TemporaryFolder _data = new();
    private SshServer _ssh = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _git.Commit("first", ("policyset.yaml", "1"));
        _ssh = await SshServer.StartAsync();
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _ssh?.Dispose();
        _git.Dispose();
        _data.Dispose();
    }

    private RemoteRepository Remote(RemoteAccess access, string? url = null) => RemoteRepository.Of(url ?? _ssh.Url(_git.Path), _data[$"git '{TestContext.CurrentContext.Test.ID}"], "HEAD", access);

    [Test]
    public void A_remote_over_ssh_is_fetched_with_the_key_that_is_named()
    {
        RemoteRepository remote = Remote(new RemoteAccess(_ssh.Key.Path, _ssh.KnownHosts));
        remote.Fetch(false, default);
        string second = _git.Commit("second", ("policyset.yaml", "2"));
        remote.Fetch(false, default);

        Assert.That(GitPolicyRepository.Open(remote.Clone).FindCommit(remote.Reference), Is.EqualTo(second));
        Assert.That(remote.Location, Is.EqualTo($"ssh://127.0.0.1:{_ssh.Port}{_git.Path}"));
    }

    [Test]
    public void A_host_with_another_key_than_the_known_one_is_not_talked_to() =>
        Refusal.Of(() => Remote(new RemoteAccess(_ssh.Key.Path, _ssh.KnownHostsOfAnother())).Fetch(false, default), "Host key verification failed");

    [Test]
    public void A_host_that_nobody_knows_is_not_talked_to() =>
        Refusal.Of(() => Remote(new RemoteAccess(_ssh.Key.Path, _data.Write("nobody's hosts", ""))).Fetch(false, default), "Host key verification failed");

    [Test]
    public void A_key_that_the_host_does_not_know_is_refused_without_anybody_being_asked() =>
        Refusal.Of(() => Remote(new RemoteAccess(_ssh.Stranger().Path, _ssh.KnownHosts)).Fetch(false, default), "Permission denied");

    [Test]
    public void A_key_that_cannot_be_read_is_named() =>
        Refusal.Of(() => Remote(new RemoteAccess(_data["nowhere"], _ssh.KnownHosts)).Fetch(false, default), $"`{_data["nowhere"]}`, which the remote needs, cannot be read");

    [Test]
    public void A_repository_that_the_host_does_not_have_is_said() =>
        Refusal.Of(() => Remote(new RemoteAccess(_ssh.Key.Path, _ssh.KnownHosts), _ssh.Url("/nowhere")).Fetch(false, default), "nowhere");
}
