using System.Security.Cryptography.X509Certificates;
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
        Assert.That(status.Output, Does.Match(@"(?m)^ends {10}the server's certificate at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"));
        Assert.That(status.Output, Does.Not.Contain('\u001B'), "a commit's message must not steer a terminal");
        Assert.That(differences.ExitCode, Is.EqualTo(4));
        Assert.That(differences.Output, Does.Contain("rotation tighter, 1 time, last by plc-0042 at ")
            .And.Contain("  - { lifetime 30d  ").And.Contain("  + { lifetime 7d  ").And.Contain("      baseline rotation otherwise (baseline.m2m:16)\n"));

        Assert.That(M2M("stage", "canary:25", "--reason", "a day without a difference").Output, Does.Contain($"candidate     {_second[..12]} canary:25 since "));
        Assert.That(M2M("promote", "--reason", "a week without a difference").Output, Does.Contain($"active        {_second[..12]} since "));
        Assert.That((M2M("differences").ExitCode, M2M("differences", "--check").ExitCode), Is.EqualTo((0, 4)), "a gate that sees no candidate does not open");
        FinishedProcess back = M2M("rollback", "--reason", "sensors drop out", "--json");
        Assert.That(back.ExitCode, Is.EqualTo(0), back.Error);
        using (JsonDocument state = JsonDocument.Parse(back.Output))
        {
            Assert.That(state.RootElement.GetProperty("active").GetProperty("commitId").GetString(), Is.EqualTo(_first));
            Assert.That(state.RootElement.GetProperty("pin").GetProperty("reason").GetString(), Is.EqualTo("sensors drop out"));
        }
        string list = M2M("revisions").Output;
        Assert.That(list, Does.Match($"{_first[..12]} .* active, pinned +Test policies").And.Match($"{_second[..12]} .* rolled back +Shorter"));
        Assert.That(M2M("unpin", "--reason", "mended").ExitCode, Is.Zero);
        Assert.That(M2M("pin", "--reason", "holidays").Output, Does.Contain("entry         nothing enters while this is pinned; after `unpin` new commits enter as shadow\n"));
        AuditRecord[] records = await AuditTests.Records(_pdp);
        Assert.That(records.Select(record => record.Operation?.Reason).OfType<string>(),
            Is.EqualTo(new[] { "a day without a difference", "a week without a difference", "sensors drop out", "mended", "holidays" }));
    }

    [TestCase("promote 0123456789ab", "0123456789ab is not the candidate; that is ")]
    [TestCase("unpin", "there is no pin")]
    [TestCase("rollback 0123456789ab --reason x", "no commit 0123456789ab is known to have been active here; list the revisions")]
    [TestCase("rollback main --reason x", "`main` is not the id of a commit, or at least its first 7 digits")]
    [TestCase("promote 0123456", "`0123456` is no commit that the decision point names; `m2m pdp status` and `m2m pdp revisions` do")]
    [TestCase("accept 0123456789ab", "0123456789ab is not the commit that was refused for its history")]
    [TestCase("rollback", "--reason")]
    [TestCase("stage canary:0", "`canary:0` is no stage")]
    [TestCase("promtoe", "there is no command `promtoe` of pdp; did you mean `promote`?")]
    [TestCase("status --cert nowhere.pem", "--cert: there is no file `nowhere.pem`")]
    [TestCase("devices set-risk plc-0042 101", "`101` is no risk: expected a number from 0 to 100, or unknown")]
    [TestCase("devices get nobody", "there is no device `nobody`")]
    [TestCase("devices import nowhere.csv", "there is no file `nowhere.csv`")]
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
        Assert.That(M2M("status", "--ca", elsewhere.Certificate("ca")).Error,
            Does.Contain($"cannot be reached: the certificate that it shows is not one of the authorities in {elsewhere.Certificate("ca")} (--ca)"));
        string readme = other.Write("README.md", "no certificate");
        Assert.That(M2M("status", "--ca", readme).Error, Does.Contain($"--ca: {readme} holds no certificate in PEM; expected those of the authorities"));

        string[] arguments = Arguments("status");
        await _pdp.StopServerAsync();
        Assert.That(M2MProcess.Run(arguments).Error, Does.Contain("cannot be reached: Connection refused"));
    }

    [Test]
    public async Task What_does_not_speak_TLS_is_not_said_to_show_a_certificate()
    {
        using var plain = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        plain.Start();
        Task answering = Task.Run(async () =>
        {
            using System.Net.Sockets.TcpClient caller = await plain.AcceptTcpClientAsync();
            await caller.GetStream().ReadExactlyAsync(new byte[5]);
            await caller.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
            await caller.GetStream().CopyToAsync(Stream.Null);
        });
        string[] arguments = [.. Arguments("status").Select(argument => argument == _pdp.Address ? $"{plain.LocalEndpoint}" : argument)];
        Assert.That(M2MProcess.Run(arguments).Error, Does.Contain("cannot be reached: what answers there does not speak TLS (").And.Contain("--pdp names the address of --listen"));
        await answering;
    }

    [Test]
    public void Whose_certificate_is_not_accepted_is_told_that_it_may_be_the_cause()
    {
        using var folder = new TemporaryFolder();
        using X509Certificate2 ended = TestCertificates.Issue(_pdp.Data, ["spiffe://dev.policym2m.example/operator/dev"], fromDays: -20, toDays: -1), strange = TestCertificates.SelfSigned("spiffe://dev.policym2m.example/operator/dev");
        Assert.That(With(strange), Does.Contain($"cannot be reached: it ended the connection, as it does where it is ended itself, or where it does not accept the certificate in {folder["x.pem"]} (--cert)").And.Not.Contain("Object"));
        Assert.That(With(ended), Does.Contain($"it ended the connection; the certificate in {folder["x.pem"]} (--cert) ended at "));

        string With(X509Certificate2 certificate)
        {
            string key = folder.Write("x-key.pem", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            return M2M("status", "--cert", folder.Write("x.pem", certificate.ExportCertificatePem()), "--key", key).Error;
        }
    }

    [Test]
    public async Task A_commit_is_named_by_as_much_as_Git_shows_of_it()
    {
        Assert.That(M2M("promote", _second[..7]).Output, Does.Contain($"active        {_second[..12]} since "));
        _pdp.Git.Git("reset", "--quiet", "--hard", _first);
        string other = _pdp.Git.Commit("Another history", TestPolicies.Baseline("9d"));
        await RunningPdp.Eventually(async () => (await _pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).Refused, refused => refused?.CommitId == other);

        FinishedProcess accepted = M2M("accept", other[..7]);

        Assert.That(accepted.Output, Does.Contain("entry         new commits enter as shadow\n").And.Contain($"accepted      {other[..12]} is compiled and tested with the next look"));
        await RunningPdp.Eventually(async () => (await _pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).Rollout.Candidate, candidate => candidate?.Revision.CommitId == other);
    }

    [Test]
    public async Task What_could_not_be_served_is_told_with_what_to_do_about_it()
    {
        string broken = _pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));
        GetStatusResponse known = await RunningPdp.Eventually(async () => await _pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), status => status.Refused?.CommitId == broken);

        FinishedProcess status = M2M("status");

        Assert.That(status.ExitCode, Is.EqualTo(4));
        Assert.That(known.Refused.Diagnostics.Select(fault => fault.Help), Has.Some.Not.Empty);
        Assert.That(status.Output, Does.Contain($"help: {known.Refused.Diagnostics.First(fault => fault.Help.Length > 0).Help}"));
    }

    [Test]
    public async Task The_registry_is_kept_by_it_too()
    {
        using var folder = new TemporaryFolder();
        string fleet = folder.Write("fleet.csv", "device.id,lifecycle.state,location.site,posture.risk,firmware.color\npump-1,active,plant-7,5,red\npump-2,active,plant-8,,\n");
        string faulty = folder.Write("faulty.csv", "device.id,posture.risk\npump-3,high\npump-4,3\n");

        FinishedProcess dry = M2M("devices", "import", fleet, "--dry-run"), refused = M2M("devices", "import", faulty), written = M2M("devices", "import", fleet);
        Assert.That((dry.ExitCode, dry.Output), Is.EqualTo((0, $"{fleet}:2:25: warning: the policies know no attribute `firmware.color`, so it does nothing; the first of its uses is here\nnothing written, as asked: 2 devices good, 2 would change, 0 faults\n")), dry.Output + dry.Error);
        Assert.That((refused.ExitCode, refused.Output), Is.EqualTo((4, refused.Output)));
        Assert.That(refused.Output, Does.StartWith($"{faulty}:2:8: fault: ").And.EndWith("nothing written: 1 device good, 1 would change, 1 fault\n"));
        Assert.That((written.ExitCode, written.Output), Is.EqualTo((0, written.Output)));
        Assert.That(written.Output, Does.EndWith("written: 2 devices good, 2 changed, 0 faults\n"));

        Assert.That(M2M("devices", "list", "--site", "plant-7", "--state", "active").Output, Is.EqualTo("pump-1  active        plant-7  risk 5\n1 device\n"));
        Assert.That(M2M("devices", "set-state", "pump-1", "quarantined", "--reason", "port scan").Output, Does.Contain("state         quarantined\n"));
        Assert.That(M2M("devices", "set-risk", "pump-1", "unknown").Output, Does.Contain("risk          ?\n"));
        Assert.That(M2M("devices", "revoke", "pump-1", "--reason", "stolen").Output, Does.Contain(": stolen\n"));
        string shown = M2M("devices", "get", "pump-1").Output;
        Assert.That(shown, Does.Contain("firmware.color = \"red\"\n").And.Match("changed +.* revoke by spiffe://dev.policym2m.example/operator/dev: stolen\n").And.Match("changed +.* state quarantined by .*: port scan\n"));
        Assert.That(M2M("devices", "reinstate", "pump-1", "--reason", "found").Output, Does.Contain("state         onboarding\n").And.Not.Contain("revoked"));

        Assert.That((await _pdp.DevicesAs("operator").GetDeviceAsync(new GetDeviceRequest { Id = "pump-1" })).Device.HasRisk, Is.False);
        using JsonDocument all = JsonDocument.Parse(M2M("devices", "list", "--json").Output);
        Assert.That(all.RootElement.GetProperty("devices").GetArrayLength(), Is.EqualTo(6));
    }

    [Test]
    public async Task A_file_of_devices_may_come_by_standard_input_and_one_that_breaks_off_is_named()
    {
        FinishedProcess piped = M2MProcess.RunWith("device.id,posture.risk\npump-1,5\npump-2,high\n", Arguments("devices", "import", "-", "--format", "csv", "--keep-good"));
        Assert.That((piped.ExitCode, piped.Output), Is.EqualTo((4, piped.Output)), piped.Error);
        Assert.That(piped.Output, Does.StartWith("standard input:3:8: fault: ").And.EndWith("written: 1 device good, 1 changed, 1 fault\n"));
        Assert.That(M2M("devices", "import", "-"), Is.EqualTo(new FinishedProcess(1, "", "m2m: `-` does not say by its name how it is written; give --format csv or --format json\n")));

        // Its memory from the beginning on, which nobody has.
        Assert.That(M2M("devices", "import", "/proc/self/mem", "--format", "csv"), Is.EqualTo(new FinishedProcess(1, "", "m2m: `/proc/self/mem` cannot be read: the device reports an error\n")));
        Assert.That((await _pdp.DevicesAs("operator").ListDevicesAsync(new ListDevicesRequest())).Devices, Has.Count.EqualTo(5));
    }

    private FinishedProcess M2M(params string[] arguments) => M2MProcess.Run(Arguments(arguments));

    private string[] Arguments(params string[] verb)
    {
        string[] usual = ["--cert", _pdp.Data.Certificate("operator"), "--key", _pdp.Data.Key("operator"), "--ca", _pdp.Data.Certificate("ca")];
        IEnumerable<string> missing = usual.Chunk(2).Where(option => !verb.Contains(option[0])).SelectMany(option => option);
        return verb[0] == "promtoe" ? ["pdp", .. verb] : ["pdp", .. verb, "--pdp", _pdp.Address, .. missing];
    }
}
