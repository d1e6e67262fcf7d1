using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What happens when certificates are replaced under a running server.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class CredentialFollowingTests
{
    private RunningPdp _pdp = null!;

    [SetUp]
    public async Task Start() => _pdp = await RunningPdp.StartAsync();

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task A_new_certificate_is_shown_to_whoever_comes_and_nobody_who_is_there_is_cut_off()
    {
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using AsyncServerStreamingCall<WatchResponse> watch = _pdp.DecisionsAs("device").Watch(new WatchRequest(), cancellationToken: cancel);
        Assert.That(await watch.ResponseStream.MoveNext(cancel));

        string renewed = TestCertificates.RenewServer(_pdp.Data);
        await RunningPdp.Eventually(Shown, shown => shown == renewed);

        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        string commit = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        Assert.That(await watch.ResponseStream.MoveNext(cancel));
        Assert.That(watch.ResponseStream.Current.Revision.CommitId, Is.EqualTo(commit));
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).StartsWith($"Information: new handshakes go by the certificate {renewed}, valid until "));
    }

    [Test]
    public async Task An_authority_that_is_added_is_trusted_and_one_that_is_taken_away_is_not()
    {
        using var folder = new TemporaryFolder();
        var other = new DataFolder(folder.Path);
        TestCertificates.MakeAuthority(other);
        using X509Certificate2 certificate = TestCertificates.Issue(other, [TestCertificates.Device]);
        Assert.That(await GetsIn(certificate), Is.False);

        string first = File.ReadAllText(_pdp.Data.Certificate("ca"));
        File.WriteAllText(_pdp.Data.Certificate("ca"), first + "\n" + File.ReadAllText(other.Certificate("ca")));
        await RunningPdp.Eventually(() => GetsIn(certificate), isIn => isIn);

        File.WriteAllText(_pdp.Data.Certificate("ca"), first);
        await RunningPdp.Eventually(() => GetsIn(certificate), isIn => !isIn);
    }

    [Test]
    public async Task Files_that_cannot_be_used_change_nothing_and_are_said_once()
    {
        string shown = await Shown(), good = File.ReadAllText(_pdp.Data.Certificate("server"));
        File.WriteAllText(_pdp.Data.Certificate("server"), "no certificate");
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines.Count(IsRefusal)), count => count > 0);

        Assert.That(await Shown(), Is.EqualTo(shown));
        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        File.Delete(_pdp.Data.Certificate("server"));
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines.Count(IsRefusal)), count => count == 2);
        CredentialState state = _pdp.Server.Services.GetRequiredService<CredentialState>();
        Assert.That(state.HasUnusableFiles, Is.True);
        File.WriteAllText(_pdp.Data.Certificate("server"), good);
        Assert.That(await Shown(), Is.EqualTo(shown));
        await RunningPdp.Eventually(() => Task.FromResult(state.HasUnusableFiles), isSo => !isSo);
        Assert.That(_pdp.Log.Lines, Has.One.EqualTo("Information: the certificates can be used again: they are those by which handshakes go"));

        static bool IsRefusal(string line) => line.StartsWith("Error: the new certificates cannot be used, and handshakes go on with those before: ", StringComparison.Ordinal);
    }

    [Test]
    public async Task One_that_is_over_does_not_take_the_place_of_one_that_is_not()
    {
        string shown = await Shown();
        TestCertificates.RenewServer(_pdp.Data, isOver: true);
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines), lines => lines.Any(line =>
            line == "Error: the new certificates cannot be used, and handshakes go on with those before: the server's certificate is over, and the one in use is not"));
        Assert.That(await Shown(), Is.EqualTo(shown));
        Assert.That(_pdp.Server.Services.GetRequiredService<CredentialState>().HasUnusableFiles, Is.True);
    }

    [Test]
    public async Task A_certificate_that_ends_is_told_before_it_ends_and_when_it_has()
    {
        await _pdp.StopServerAsync();
        var time = new ManualTime();
        await _pdp.StartServerAsync(MonitorTests.WithMonitor(_pdp.Options()), time);
        Identity.Term term = _pdp.Server.Services.GetRequiredService<CredentialState>().Current.Term;
        string monitor = _pdp.Server.Services.GetRequiredService<Sight.MonitorListener>().Address;
        using var http = new HttpClient();
        Assert.That(await http.GetStringAsync($"{monitor}/readyz"), Is.EqualTo("ready\n"));

        time.Advance(term.Until - time.GetUtcNow() - TimeSpan.FromMinutes(1));
        await Line($"Warning: the server's certificate ends at {term.Until:u}; after that no caller accepts this server");
        time.Advance(TimeSpan.FromMinutes(2));
        await Line($"Error: the server's certificate ended at {term.Until:u}: no caller accepts this server");

        // After such a leap nobody knows how the registry stands, so that it is not ready either.
        using HttpResponseMessage ready = await http.GetAsync($"{monitor}/readyz");
        Assert.That(await ready.Content.ReadAsStringAsync(), Does.EndWith("warning: the server's certificate is over, so that no caller accepts it\n"));
        Assert.That(await http.GetStringAsync($"{monitor}/metrics"), Does.Match(@"(?m)^policym2m_pdp_certificate_remaining_seconds -"));

        Task Line(string text) => RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines), lines => lines.Contains(text));
    }

    private async Task<bool> GetsIn(X509Certificate2 certificate)
    {
        try
        {
            await new DecisionService.DecisionServiceClient(_pdp.Channel(certificate)).DecideAsync(new DecideRequest());
            return true;
        }
        // The last: between two looks the handshake may still take what calls do not.
        catch (RpcException refused) when (refused.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Unauthenticated)
        {
            return false;
        }
    }

    /// <summary>The thumbprint of the certificate that the server shows.</summary>
    private async Task<string> Shown()
    {
        var address = new Uri(_pdp.Address);
        using var tcp = new TcpClient(address.Host, address.Port);
        await using var tls = new SslStream(tcp.GetStream());
        using X509Certificate2 device = X509Certificate2.CreateFromPemFile(_pdp.Data.Certificate("device"), _pdp.Data.Key("device"));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(_pdp.Data.Certificate("ca"));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = address.Host,
            ClientCertificates = [device],
            CertificateChainPolicy = trust,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        });
        return new X509Certificate2(tls.RemoteCertificate!).Thumbprint;
    }
}
