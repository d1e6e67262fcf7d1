using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Pdp.Development;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Store.Remotes;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A remote behind a real HTTPS server that asks for a token.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class HttpsRemoteTests
{
    private RunningPdp _pdp = null!;
    private TemporaryFolder _folder = null!;
    private GitHttpServer _host = null!;
    private X509Certificate2 _certificate = null!;
    private string _authorities = "";

    [SetUp]
    public async Task StartHost()
    {
        _folder = new TemporaryFolder();
        _pdp = RunningPdp.Prepare();
        _pdp.Git.Commit("Test policies", TestPolicies.Files());
        var tls = new DataFolder(_folder["tls"]);
        DevelopmentCredentials.Prepare(tls, TimeProvider.System.GetUtcNow());
        _authorities = tls.Certificate("ca");
        _certificate = X509Certificate2.CreateFromPemFile(tls.Certificate("server"), tls.Key("server"));
        _host = await GitHttpServer.StartAsync(_pdp.Git.Path, _certificate);
    }

    [TearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        await _pdp.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
    }

    /// <summary>The URL, with the user in it.</summary>
    private string Url => _host.Address.Replace("https://", $"https://{GitHttpServer.User}@", StringComparison.Ordinal) + "/.git";

    private RemoteAccess Access(string token = GitHttpServer.Token) => new(Authorities: _authorities, Token: _folder.Write("token", $"{token}\n"));

    private PdpOptions Options() => _pdp.Options() with { Git = Url, Fetch = TimeSpan.FromMilliseconds(100), Access = Access() };

    [Test]
    public async Task A_remote_over_https_is_followed_with_a_token_that_nobody_sees()
    {
        await _pdp.StartServerAsync(Options());
        string second = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        GetStatusResponse status = await Until(status => status.Active.CommitId == second);
        Assert.That(status.Repository, Is.EqualTo($"{_host.Address}/.git"));

        _folder.Write("token", "exchanged");
        status = await Until(status => status.Refused is not null);
        Assert.That(status.Refused.Diagnostics.Single().Message, Does.StartWith($"the remote {_host.Address}/.git cannot be fetched: "));
        string third = _pdp.Git.Commit("Shorter still", TestPolicies.Baseline("6d"));
        _folder.Write("token", GitHttpServer.Token);
        await Until(status => status.Active.CommitId == third && status.Refused is null);

        string told = _pdp.Console + string.Join('\n', _pdp.Log.Lines) + File.ReadAllText(_pdp.Data.LastServed);
        string clone = string.Concat(Directory.GetFiles(Directory.GetDirectories(_pdp.Data.Clones).Single(), "config").Select(File.ReadAllText));
        foreach (string secret in new[] { GitHttpServer.Token, "exchanged", $"{GitHttpServer.User}@", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{GitHttpServer.User}:{GitHttpServer.Token}")) })
            Assert.That(told + clone, Does.Not.Contain(secret));
    }

    [Test]
    public void A_host_whose_authority_nobody_trusts_is_not_talked_to()
    {
        Refused(Remote(new RemoteAccess(Token: Access().Token)), "certificate");

        Assert.That(_host.Requests, Is.Zero, "no token is sent to it either");
    }

    [TestCase("")]
    [TestCase("two\nlines")]
    public void A_file_that_holds_no_token_is_named(string token) => Refused(Remote(Access(token)), "`" + _folder["token"] + "` was expected to hold an access token, in one line");

    [Test]
    public void A_wrong_token_is_refused_without_anybody_being_asked() => Refused(Remote(Access("wrong")), "cannot be fetched");

    [Test]
    public async Task A_host_that_sends_on_to_another_is_not_followed_there()
    {
        await using GitHttpServer other = await GitHttpServer.StartAsync(_pdp.Git.Path, _certificate);
        _host.RedirectTo = other.Address;

        Refused(Remote(Access()), "cannot be fetched");

        Assert.That(other.Requests, Is.Zero);
    }

    /// <summary>A start that waits for the writer of a pipe is none.</summary>
    [TestCase("pipe")]
    [TestCase("to-pipe")]
    [Platform("Linux")]
    public void A_pipe_in_the_place_of_a_token_is_told_and_not_waited_for(string name)
    {
        using var pipes = new TemporaryFolder();
        FinishedProcess.Run("mkfifo", [pipes["pipe"]]).Succeeded();
        File.CreateSymbolicLink(pipes["to-pipe"], "pipe");
        Refused(Remote(new RemoteAccess(Authorities: _authorities, Token: pipes[name])), "`" + pipes[name] + "` was expected to hold an access token, in one line");
    }

    private RemoteRepository Remote(RemoteAccess access) => RemoteRepository.Of(Url, _folder["git"], "HEAD", access);

    private static void Refused(RemoteRepository remote, string message) =>
        Assert.That(Assert.Throws<PolicyStoreException>(() => remote.Fetch(false, TestContext.CurrentContext.CancellationToken))!.Message,
            Does.Contain(message).And.Not.Contain("\n").And.Not.Contain($"{GitHttpServer.User}@"));

    private async Task<GetStatusResponse> Until(Func<GetStatusResponse, bool> isSo)
    {
        PolicyService.PolicyServiceClient client = _pdp.PoliciesAs("operator");
        return await RunningPdp.Eventually(async () => await client.GetStatusAsync(new GetStatusRequest()), isSo);
    }
}
