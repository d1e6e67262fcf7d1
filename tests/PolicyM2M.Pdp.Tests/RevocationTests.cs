using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Revocation lists of the real <c>openssl ca</c>, and who still gets in.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RevocationTests : RevocationFixture
{
    [Test]
    public async Task A_revoked_certificate_is_refused_at_the_next_call_and_at_the_next_handshake_and_others_go_on()
    {
        using X509Certificate2 lost = Authority.Issue(uris: [Device]), kept = Authority.Issue(uris: [Device]);
        (Health.HealthClient losing, Health.HealthClient keeping) = (Client(lost), Client(kept));
        Assert.That((await Status(losing), await Status(keeping)), Is.EqualTo((StatusCode.OK, StatusCode.OK)));

        Authority.Revoke(lost);
        Authority.WriteCrl(Crl);

        await RunningPdp.Eventually(() => Status(losing), status => status == StatusCode.Unauthenticated);
        Assert.That(Pdp.Log.Lines, Has.Some.EqualTo($"Warning: denied /grpc.health.v1.Health/Check to {Device}: it is revoked"));
        await AssertRefused(lost, "it is revoked");
        Assert.That((await Status(keeping), await Status(Client(kept))), Is.EqualTo((StatusCode.OK, StatusCode.OK)));
    }

    [Test]
    public async Task A_watch_that_is_open_says_nothing_more_to_whoever_was_revoked()
    {
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using X509Certificate2 lost = Authority.Issue(uris: [Device]);
        using Grpc.Net.Client.GrpcChannel channel = Pdp.Channel(lost);
        using AsyncServerStreamingCall<WatchResponse> watch = new DecisionService.DecisionServiceClient(channel).Watch(new WatchRequest(), cancellationToken: cancel);
        Assert.That(await watch.ResponseStream.MoveNext(cancel));
        Authority.Revoke(lost);
        Authority.WriteCrl(Crl);
        await RunningPdp.Eventually(() => Status(new Health.HealthClient(channel)), status => status == StatusCode.Unauthenticated);

        Pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(async () => await watch.ResponseStream.MoveNext(cancel));
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.Unauthenticated));
    }

    [Test]
    public async Task A_list_in_DER_counts_like_one_in_PEM_and_so_does_one_that_an_option_names()
    {
        using X509Certificate2 lost = Authority.Issue(uris: [Device]);
        Authority.Revoke(lost);
        string elsewhere = Path.Combine(Pdp.Data.Path, "elsewhere", "list.bin");
        Authority.WriteDer(elsewhere);
        await Pdp.StopServerAsync();
        await Pdp.StartServerAsync(Pdp.Options() with { Callers = new() { Crls = [elsewhere] } });

        await AssertRefused(lost, "it is revoked");
    }

    [Test]
    public async Task A_list_behind_a_link_is_read_again_when_the_link_or_what_is_before_it_leads_elsewhere()
    {
        using X509Certificate2 lost = Authority.Issue(uris: [Device]), later = Authority.Issue(uris: [Device]);
        // As Kubernetes mounts files: the link stays as it is, and the folder that it leads through is another one.
        string mount = Path.Combine(Pdp.Data.Path, "mount"), list = Path.Combine(mount, "list.crl"), through = Path.Combine(mount, "..data");
        Authority.WriteCrl(Path.Combine(mount, "..1", "list.crl"));
        Directory.CreateSymbolicLink(through, "..1");
        File.CreateSymbolicLink(list, Path.Combine("..data", "list.crl"));
        await Pdp.StopServerAsync();
        await Pdp.StartServerAsync(Pdp.Options() with { Callers = new() { Crls = [list] } });
        (Health.HealthClient losing, Health.HealthClient losingLater) = (Client(lost), Client(later));
        Assert.That((await Status(losing), await Status(losingLater)), Is.EqualTo((StatusCode.OK, StatusCode.OK)));

        Authority.Revoke(lost);
        Authority.WriteCrl(Path.Combine(mount, "..2", "list.crl"));
        Directory.CreateSymbolicLink(through + ".new", "..2");
        Directory.Delete(through);
        Directory.Move(through + ".new", through);
        await RunningPdp.Eventually(() => Status(losing), status => status == StatusCode.Unauthenticated);

        Authority.Revoke(later);
        Authority.WriteCrl(Path.Combine(mount, "list-of-today.crl"));
        File.CreateSymbolicLink(list + ".new", "list-of-today.crl");
        File.Move(list + ".new", list, overwrite: true);
        await RunningPdp.Eventually(() => Status(losingLater), status => status == StatusCode.Unauthenticated);
    }

    [Test]
    public async Task A_list_that_has_ended_keeps_everybody_of_its_authority_out_unless_the_operator_accepts_it()
    {
        using X509Certificate2 kept = Authority.Issue(uris: [Device]), lost = Authority.Issue(uris: [Device]);
        Authority.Revoke(lost);
        Authority.WriteCrl(Crl, "-crl_lastupdate", "20260101000000Z", "-crl_nextupdate", "20260102000000Z");
        await RunningPdp.Eventually(() => Status(Client(kept)), status => status != StatusCode.OK);
        await AssertRefused(kept, "the revocation list of CN=");

        await Pdp.StopServerAsync();
        await Pdp.StartServerAsync(Pdp.Options() with { Callers = new() { AcceptsExpiredCrls = true } });
        Assert.That(await Status(Client(kept)), Is.EqualTo(StatusCode.OK));
        await AssertRefused(lost, "it is revoked");
    }

    [Test]
    public async Task A_list_that_is_older_than_the_one_that_counts_is_named_in_the_log_and_in_the_status()
    {
        Authority.WriteCrl(Crl);
        string old = Path.Combine(Pdp.Data.Crl, "old.crl");
        Authority.WriteCrl(old, "-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z");

        string[] warnings = await RunningPdp.Eventually(
            async () => (await Pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).Warnings.ToArray(), warnings => warnings.Length > 0);
        Assert.That(warnings.Single(), Does.StartWith($"the revocation list {old} of {Authority.Certificate.Subject} is of 2020-01-01 00:00:00Z and does not count: a newer one of "));
        Assert.That(Pdp.Log.Lines, Has.Exactly(1).EqualTo($"Warning: {warnings.Single()}"));

        File.Delete(old);
        await RunningPdp.Eventually(async () => await Pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), status => status.Warnings.Count == 0);
    }

    [Test]
    public async Task A_list_that_ends_while_a_connection_is_open_ends_its_right_to_ask_and_says_nothing_of_the_caller()
    {
        var time = new PolicyM2M.Testing.ManualTime();
        Authority.WriteCrl(Crl);
        await Pdp.StopServerAsync();
        await Pdp.StartServerAsync(clock: time);
        Health.HealthClient device = Client("device");
        Assert.That(await Status(device), Is.EqualTo(StatusCode.OK));

        time.Advance(TimeSpan.FromDays(3));
        Assert.That(await Status(device), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(Pdp.Log.Lines, Has.Some.Contains("denied /grpc.health.v1.Health/Check to").And.Contains("and what was revoked since is not known"));

        Pdp.Server.Services.GetRequiredService<Devices.RegistryState>().Current.KeepRevoked(new HashSet<string>(StringComparer.Ordinal) { "plc-0042" });
        Assert.That(await Status(device), Is.EqualTo(StatusCode.PermissionDenied), "that the registry has revoked it does say something of it");

        time.Advance(TimeSpan.FromDays(10_000));
        Assert.That(await Status(device), Is.EqualTo(StatusCode.Unauthenticated), "that its own certificate has ended does say something of it");
    }

    [Test]
    public async Task A_list_that_ends_is_told_before_it_ends_and_when_it_has_and_by_a_metric_and_a_warning()
    {
        var time = new PolicyM2M.Testing.ManualTime();
        Authority.WriteCrl(Crl, "-crldays", "10");
        await Pdp.StopServerAsync();
        await Pdp.StartServerAsync(MonitorTests.WithMonitor(Pdp.Options()), time);
        string monitor = Pdp.Server.Services.GetRequiredService<Sight.MonitorListener>().Address, name = Authority.Certificate.Subject;
        using var http = new HttpClient();
        Assert.That(await Ready(), Is.EqualTo("ready\n"));
        Assert.That(await Remaining(), Is.InRange(TimeSpan.FromDays(9.9).TotalSeconds, TimeSpan.FromDays(10).TotalSeconds));

        time.Advance(TimeSpan.FromDays(9.5));
        await Line($"Warning: the revocation list of {name} ends at ", "; after that nobody of that authority gets in until a newer one comes");
        Assert.That(await Ready(), Does.EndWith("warning: a revocation list ends soon, and after that nobody of its authority gets in\n"));
        Wire.V1.Term[] terms = [.. (await Pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).Terms];
        Assert.That(terms.Select(term => (term.What, term.Stage)),
            Is.EqualTo(new[] { ($"the revocation list of {name}", Wire.V1.TermStage.Ending), ("the server's certificate", Wire.V1.TermStage.Running) }));
        FinishedProcess status = M2MProcess.Run(
            "pdp", "status", "--pdp", Pdp.Address, "--cert", Pdp.Data.Certificate("operator"), "--key", Pdp.Data.Key("operator"), "--ca", Pdp.Data.Certificate("ca"));
        Assert.That((status.ExitCode, status.Output), Is.EqualTo((0, status.Output)), status.Error);
        Assert.That(status.Output, Does.Contain($"ends          the revocation list of {name} at {terms[0].Until.ToDateTimeOffset():yyyy-MM-ddTHH:mm:ssZ}, and nobody has made the next one yet\n")
            .And.Not.Contain("the server's certificate"));

        time.Advance(TimeSpan.FromDays(1));
        await Line($"Error: the revocation list of {name} ended at ", ": nobody of that authority gets in until a newer one comes");
        Assert.That(await Ready(), Does.Contain("warning: a revocation list is over, so that nobody of its authority gets in\n"));
        Assert.That(await Remaining(), Is.Negative);
        Assert.That(Pdp.Log.Lines, Has.One.Contains("ends at").And.One.Contains("ended at"));

        // After such a leap nobody knows how the registry stands, so that it is not ready either.
        async Task<string> Ready()
        {
            using HttpResponseMessage ready = await http.GetAsync($"{monitor}/readyz");
            return await ready.Content.ReadAsStringAsync();
        }

        async Task<double> Remaining()
        {
            Match series = Regex.Match(await http.GetStringAsync($"{monitor}/metrics"), @"(?m)^policym2m_pdp_crl_remaining_seconds\{issuer="".*""\} (.*)$");
            Assert.That(series.Success);
            return double.Parse(series.Groups[1].Value, NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        Task Line(string begin, string end) => RunningPdp.Eventually(() => Task.FromResult(Pdp.Log.Lines),
            lines => lines.Any(line => line.StartsWith(begin, StringComparison.Ordinal) && line.EndsWith(end, StringComparison.Ordinal)));
    }

    [Test]
    public async Task Roles_that_were_broken_and_are_as_before_again_can_be_used_again()
    {
        const string Roles = """{ "roles": [ { "match": "spiffe://dev.policym2m.example/device/{name}", "role": "device" } ] }""";
        await Pdp.StopServerAsync();
        File.WriteAllText(Pdp.Data.Roles, Roles);
        await Pdp.StartServerAsync();
        // The follower has read them too: what it would take for news is not what this is about.
        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Log.Lines), lines => lines.Any(line => line.Contains("callers have their roles by", StringComparison.Ordinal)));
        File.WriteAllText(Pdp.Data.Roles, "{");
        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Server.Services.GetRequiredService<CallerRulesState>().UnusableFiles), count => count == 1);
        File.WriteAllText(Pdp.Data.Roles, Roles);
        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Server.Services.GetRequiredService<CallerRulesState>().UnusableFiles), count => count == 0);
        Assert.That(Pdp.Log.Lines, Has.One.EqualTo("Information: the roles and all revocation lists can be used again"));
    }

    [Test]
    public async Task A_list_that_the_authority_did_not_sign_changes_nothing_but_the_log()
    {
        using X509Certificate2 kept = Authority.Issue(uris: [Device]);
        using TestAuthority impostor = TestAuthority.Root(Authority.Certificate.GetNameInfo(X509NameType.SimpleName, false));
        string text = "not a list";
        Directory.CreateDirectory(Pdp.Data.Crl);
        File.WriteAllText(Crl, text);
        await Logged("it holds no revocation list");

        Authority.WriteCrl(Crl);
        byte[] bytes = Convert.FromBase64String(string.Concat(File.ReadAllLines(Crl).Where(line => !line.StartsWith('-'))));
        bytes[^1] ^= 1;
        File.WriteAllBytes(Crl, bytes);
        await Logged("it is not signed by CN=");

        Assert.That(await Status(Client(kept)), Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task A_list_that_could_not_be_read_is_tried_again_and_keeps_no_other_from_being_used()
    {
        using X509Certificate2 lost = Authority.Issue(uris: [Device]), kept = Authority.Issue(uris: [Device]);
        Directory.CreateDirectory(Pdp.Data.Crl);
        // Unreadable for whoever runs the test, also for root: a link to nowhere, and then to a list that was there all the time.
        string late = Path.Combine(Pdp.Data.Path, "late.crl"), link = Path.Combine(Pdp.Data.Crl, "a.crl");
        File.CreateSymbolicLink(link, late);
        await Logged("a.crl cannot be used: ");
        Authority.Revoke(lost);
        Authority.WriteCrl(Crl);
        await RunningPdp.Eventually(() => Status(Client(lost)), status => status != StatusCode.OK);
        Assert.That(Pdp.Server.Services.GetRequiredService<CallerRulesState>().UnusableFiles, Is.EqualTo(1));

        Authority.Revoke(kept);
        Authority.WriteCrl(late);
        await RunningPdp.Eventually(() => Status(Client(kept)), status => status != StatusCode.OK);
        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Server.Services.GetRequiredService<CallerRulesState>().UnusableFiles), count => count == 0);
    }

    [Test]
    public async Task A_list_that_comes_before_its_authority_counts_when_the_authority_comes()
    {
        // A list that does not say by which key it is signed: whose it is shows only when that authority is trusted too.
        using TestAuthority next = Authority.WithNewKey();
        using X509Certificate2 lost = next.Issue(uris: [Device]);
        next.Revoke(lost);
        next.WriteCrl(Crl, "-crlexts", "bare");
        await Logged("it is not signed by CN=");

        File.AppendAllText(Pdp.Data.Certificate("ca"), "\n" + next.Pem);

        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Log.Lines), lines => lines.Any(line => line.Contains("by 2 trusted authorities", StringComparison.Ordinal)));
        await RunningPdp.Eventually(async () =>
        {
            await Status(Client(lost));
            return Pdp.Log.Lines;
        }, lines => lines.Any(line => line.StartsWith($"Warning: refused the client certificate of SHA-1 thumbprint {lost.Thumbprint}: it is revoked", StringComparison.Ordinal)));
    }

    [TestCase("delta", "critical extension 2.5.29.27")]
    [TestCase("part", "critical extension 2.5.29.28")]
    public async Task A_list_that_is_not_the_whole_list_is_not_used(string extensions, string reason)
    {
        Authority.WriteCrl(Crl, "-crlexts", extensions);
        await Logged(reason);
        Assert.That(await Status(Client("device")), Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task A_list_signed_by_a_hash_that_is_broken_is_not_used()
    {
        Authority.WriteCrl(Crl, "-md", "sha1");
        await Logged("an algorithm that is not accepted");
    }

    [Test]
    public async Task Neither_an_older_list_nor_a_missing_file_brings_back_what_was_revoked()
    {
        using X509Certificate2 lost = Authority.Issue(uris: [Device]);
        string older = Crl + ".kept";
        Authority.WriteCrl(older);
        Authority.Revoke(lost);
        Authority.WriteCrl(Crl);
        await RunningPdp.Eventually(() => Status(Client(lost)), status => status != StatusCode.OK);

        File.Move(older, Crl, overwrite: true);
        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Log.Lines.Count(line => line.Contains("is in force", StringComparison.Ordinal))), count => count == 2);
        await AssertRefused(lost, "it is revoked");
        File.Delete(Crl);
        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Log.Lines.Count(line => line.Contains("is in force", StringComparison.Ordinal))), count => count == 3);
        await AssertRefused(lost, "it is revoked");
    }

    [Test]
    public async Task Every_certificate_of_a_chain_is_looked_up_with_its_own_authority()
    {
        using TestAuthority root = TestAuthority.Root("Partner", withRsa: true), between = root.Below("Partner issuing");
        await Pdp.StopServerAsync();
        Directory.CreateDirectory(Pdp.Data.Trust);
        // A bundle may hold authorities below the root too: a client then need not send them.
        File.WriteAllText(Path.Combine(Pdp.Data.Trust, "partner.example.pem"), root.Pem + "\n" + between.Pem);
        File.WriteAllText(Pdp.Data.Roles, "{\"roles\":[{\"match\":\"spiffe://partner.example/{name}\",\"role\":\"device\"}]}");
        root.WriteCrl(Path.Combine(Pdp.Data.Crl, "root.pem"));
        await Pdp.StartServerAsync();
        using X509Certificate2 one = between.Issue(uris: ["spiffe://partner.example/a"]), two = between.Issue(uris: ["spiffe://partner.example/b"]);
        Assert.That((await Status(Client(one)), await Status(Client(two))), Is.EqualTo((StatusCode.OK, StatusCode.OK)));

        between.Revoke(one);
        between.WriteCrl(Path.Combine(Pdp.Data.Crl, "between.pem"));
        await RunningPdp.Eventually(() => Status(Client(one)), status => status != StatusCode.OK);
        await AssertRefused(one, "it is revoked");
        Assert.That(await Status(Client(two)), Is.EqualTo(StatusCode.OK));

        root.Revoke(between.Certificate);
        root.WriteCrl(Path.Combine(Pdp.Data.Crl, "root.pem"));
        await RunningPdp.Eventually(() => Status(Client(two)), status => status != StatusCode.OK);
        await AssertRefused(two, "an authority in its chain is revoked");
    }
}
