using System.Text.Json;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Doctor;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Doctor;

/// <summary>What the doctor finds where one thing is broken, on a machine where all else is well.</summary>
internal sealed class DoctorTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [TestCase("certificate", "fault", "no-such-file")]
    [TestCase("certificate", "fault", "expired")]
    [TestCase("certificate", "fault", "of-tomorrow")]
    [TestCase("certificate", "warning", "at-its-end")]
    [TestCase("certificate", "fault", "under-expired")]
    [TestCase("certificate", "warning", "under-one-at-its-end")]
    [TestCase("key", "fault", "readable-key")]
    [TestCase("key", "fault", "other-key")]
    [TestCase("trust", "fault", "no-trust")]
    [TestCase("trust", "fault", "writable-trust")]
    [TestCase("state", "warning", "no-state")]
    [TestCase("state", "fault", "writable-state")]
    [TestCase("socket", "fault", "no-run")]
    [TestCase("socket", "warning", "no-service-run")]
    [TestCase("socket", "warning", "nothing")]
    [TestCase("service broker", "fault", "no-service-folder")]
    [TestCase("service broker", "fault", "no-lists")]
    [TestCase("permissions", "fault", "writable-configuration")]
    [TestCase("permissions", "fault", "readable-cache-key")]
    [TestCase("permissions", "fault", "open-credentials")]
    [TestCase("pdp", "fault", "nothing")]
    [TestCase("clock", "warning", "nothing")]
    [TestCase("clock", "warning", "expired")]
    [TestCase("clock", "fault", "of-tomorrow")]
    public async Task Each_thing_that_is_broken_is_found_and_has_its_remedy(string check, string severity, string broken)
    {
        using var machine = new GatewayFolder();
        machine.Break(broken, Now);
        JsonElement finding = (await LookAsync(machine, 2)).Single(found => found.GetProperty("check").GetString() == check);
        Assert.That(finding.GetProperty("severity").GetString(), Is.EqualTo(severity), finding.ToString());
        Assert.That(finding.GetProperty("remedy").GetString(), Is.Not.Empty);
    }

    [Test]
    public async Task The_program_that_renews_must_be_there_and_each_of_several_decision_points_is_asked_alone()
    {
        using var machine = new GatewayFolder();
        machine.Renew();
        File.WriteAllText(machine.Configuration, File.ReadAllText(machine.Configuration).Replace("\"command\": [\"/bin/true\"] }, \"services\"", "\"command\": [\"/bin/none\"] }, \"services\"", StringComparison.Ordinal)
            .Replace("\"https://127.0.0.1:1\"", "\"https://127.0.0.1:1\", \"https://127.0.0.1:2\"", StringComparison.Ordinal));
        JsonElement[] findings = await LookAsync(machine, 2);
        Assert.That(Of(findings, "renewal").GetProperty("text").GetString(), Is.EqualTo("there is no program /bin/none, and the certificate is renewed by it"));
        Assert.That(findings.Select(found => found.GetProperty("check").GetString()).Where(check => check!.StartsWith("pdp ", StringComparison.Ordinal)), Is.EqualTo(new[] { "pdp https://127.0.0.1:1/", "pdp https://127.0.0.1:2/" }));
        Assert.That(Of(findings, "pdp https://127.0.0.1:2/").GetProperty("text").GetString(), Does.Contain("nobody listens on 127.0.0.1:2"));
    }

    [Test]
    public async Task What_is_well_is_said_to_be_and_a_decision_point_that_is_away_is_found()
    {
        using var machine = new GatewayFolder();
        JsonElement[] findings = await LookAsync(machine, 2);
        Assert.That(findings.Where(found => found.GetProperty("severity").GetString() == "fault").Select(found => found.GetProperty("text").GetString()).Single(), Does.Contain("nobody listens on 127.0.0.1:1"));
        Assert.That(findings.Where(found => found.GetProperty("severity").GetString() == "ok").Select(found => found.GetProperty("check").GetString()),
            Is.EqualTo(new[] { "configuration", "certificate", "key", "trust", "state", "permissions", "service broker", "disk" }));
    }

    [Test]
    public async Task The_certificate_that_was_renewed_is_looked_at_and_not_the_first_one()
    {
        using var machine = new GatewayFolder();
        machine.Renew();
        machine.Break("expired", Now);
        JsonElement[] findings = await LookAsync(machine, 2);
        Assert.That(findings.Where(found => found.GetProperty("severity").GetString() == "fault").Select(found => found.GetProperty("check").GetString()), Is.EqualTo(new[] { "trust", "pdp" }), string.Join('\n', findings));
        Assert.That(findings.Single(found => found.GetProperty("check").GetString() == "pdp").GetProperty("text").GetString(), Does.Contain("nobody listens"));
    }

    [Test]
    public async Task An_authority_that_ends_before_the_certificate_is_named()
    {
        using var machine = new GatewayFolder();
        machine.Break("under-expired", Now);
        JsonElement finding = Of(await LookAsync(machine, 2), "certificate");
        Assert.That(finding.GetProperty("text").GetString(), Is.EqualTo($"`CN=Test`, an authority in {machine["gateway.pem"]}, expired on {Now.AddDays(-1):u}"));
        Assert.That(finding.GetProperty("remedy").GetString(), Does.StartWith("have a new one issued under an authority that goes on"));
    }

    [Test]
    public async Task Before_the_first_start_what_the_agent_makes_itself_is_no_fault()
    {
        using var machine = new GatewayFolder();
        machine.Break("no-state", Now);
        machine.Break("no-service-run", Now);
        JsonElement[] findings = await LookAsync(machine, 2);
        Assert.That(findings.Where(found => found.GetProperty("severity").GetString() == "fault").Select(found => found.GetProperty("check").GetString()), Is.EqualTo(new[] { "pdp" }), string.Join('\n', findings));
        Assert.That(Of(findings, "disk").GetProperty("severity").GetString(), Is.EqualTo("ok"));
        Assert.That(Of(findings, "state").GetProperty("text").GetString(), Does.EndWith("yet: the service makes it at its first start (StateDirectory), and the agent itself where it may"));
    }

    [Test]
    public async Task Another_user_than_the_agent_s_is_told_that_what_is_found_is_so_for_that_one()
    {
        using var machine = new GatewayFolder();
        // Root can give the folder away; everybody else has folders of root.
        if (SystemAccounts.Own() == 0)
            FinishedProcess.Run("chown", ["65534", machine["state"]]).Succeeded();
        else
            File.WriteAllText(machine.Configuration, File.ReadAllText(machine.Configuration).Replace(machine["state"], "/var", StringComparison.Ordinal));
        uint owner = SystemAccounts.Own() == 0 ? 65_534u : 0;
        JsonElement user = Of(await LookAsync(machine, 2), "user");
        Assert.That(user.GetProperty("severity").GetString(), Is.EqualTo("warning"));
        Assert.That((user.GetProperty("text").GetString(), user.GetProperty("remedy").GetString()), Is.EqualTo((
            $"user {SystemAccounts.Own()} asks, and {(owner == 0 ? "/var" : machine["state"])} is that of user {owner}: what is found is so for who asks, and may be otherwise for the agent",
            $"sudo -u '#{owner}' policym2m-agent doctor")));
    }

    [TestCase("full", "nothing more can be written to ", "make room")]
    [TestCase("read only", " is on a file system that is mounted to be read only", "mount it to be written")]
    public async Task A_disk_that_takes_nothing_more_is_found_and_said_to_be_why(string what, string text, string remedy)
    {
        using var machine = new GatewayFolder();
        using var disk = SmallDisk.Mount();
        File.SetUnixFileMode(disk.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(machine.Configuration, File.ReadAllText(machine.Configuration).Replace(machine["state"], disk.Path, StringComparison.Ordinal));
        if (what == "full")
            disk.Fill(left: 0);
        else
            disk.MakeReadOnly();
        JsonElement[] findings = await LookAsync(machine, 2);
        JsonElement state = Of(findings, "state");
        Assert.That(state.GetProperty("severity").GetString(), Is.EqualTo("fault"), state.ToString());
        Assert.That(state.GetProperty("text").GetString(), Does.Contain(text));
        Assert.That(state.GetProperty("remedy").GetString(), Does.StartWith(remedy));
        Assert.That(Of(findings, "disk").GetProperty("severity").GetString(), Is.EqualTo("warning"));
    }

    [TestCase(true, "which the certificate in use does not belie, and the kernel says that it is synchronised")]
    [TestCase(false, "which the certificate in use does not belie, but the kernel says that nobody who knows the time has set it since the machine's start")]
    public async Task While_nobody_answers_the_machine_and_the_certificate_say_what_they_know_of_the_clock(bool isSynchronised, string text)
    {
        using var machine = new GatewayFolder();
        Assert.That(Of(await LookAsync(machine, 2, isSynchronised: isSynchronised), "clock").GetProperty("text").GetString(), Does.EndWith(text));
    }

    [TestCase(-2, "fault", "it is behind, or the authority's is ahead")]
    [TestCase(13, "warning", "that is so, or it is ahead")]
    public async Task A_clock_that_the_certificate_belies_is_found_while_nobody_answers(int hours, string severity, string text)
    {
        using var machine = new GatewayFolder();
        var time = new ManualTime();
        time.SetBy(TimeSpan.FromHours(hours));
        JsonElement clock = Of(await LookAsync(machine, 2, time), "clock");
        Assert.That(clock.GetProperty("severity").GetString(), Is.EqualTo(severity));
        Assert.That(clock.GetProperty("text").GetString(), Does.Contain(text));
        Assert.That(clock.GetProperty("remedy").GetString(), Does.StartWith("set up time synchronisation"));
    }

    [Test]
    public async Task A_clock_that_is_ahead_of_the_decision_point_s_or_behind_it_is_found()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary);
        await agent.NextLineAsync(line => line.Contains("answers on", StringComparison.Ordinal), "socket");
        foreach ((int minutes, string where) in new[] { (30, "ahead of"), (-30, "behind") })
        {
            var time = new ManualTime();
            time.SetBy(TimeSpan.FromMinutes(minutes));
            using var output = new StringWriter();
            await DoctorCommand.RunAsync(plant.Configuration, isJson: true, time, isSynchronised: true, output, default);
            JsonElement clock = Of(JsonDocument.Parse(output.ToString()).RootElement.EnumerateArray(), "clock");
            Assert.That(clock.GetProperty("severity").GetString(), Is.EqualTo("fault"), clock.ToString());
            Assert.That(clock.GetProperty("text").GetString(), Does.Match($"this machine's clock is (30|29)m.* {where} the decision point's"));
        }
    }

    [Test]
    public async Task What_the_decision_point_does_not_use_of_the_claims_is_found_with_what_was_meant()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        plant.Commit(Plant.Policy("TLS_AES_128_GCM_SHA256").Replace("cipher-suites { otherwise", "cipher-suites { when firmware.version < 3.0.0 and has credential.issued-at deny \"too old\" otherwise", StringComparison.Ordinal));
        using var folder = new TemporaryFolder();
        string facts = folder.Write("facts.json", """{ "firmwear.version": "3.1.0", "device.serial": 1.5 }""");
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, $$""" "interval": 1, "sources": [ { "file": "{{facts}}" }, { "os": true } ] """);
        await agent.NextLineAsync(line => line == $"claims-unused: `device.serial` of {facts}: no attribute can be json 1.5; `device.type` of configuration: no policy tests it; "
            + $"`firmwear.version` of {facts}: no policy tests it; did you mean `firmware.version`?", "claims that come to nothing");
        using var output = new StringWriter();
        await DoctorCommand.RunAsync(plant.Configuration, isJson: true, TimeProvider.System, isSynchronised: true, output, default);
        JsonElement[] findings = [.. JsonDocument.Parse(output.ToString()).RootElement.EnumerateArray()];
        Assert.That(Of(findings, "claims").GetProperty("severity").GetString(), Is.EqualTo("warning"));
        Assert.That(Of(findings, "claims").GetProperty("text").GetString(), Does.Contain("`firmwear.version` (").And.Contain("did you mean `firmware.version`").And.EndWith("of what the policies test it does not say firmware.version")
            .And.Not.Contain("boot.uptime"), "nobody wrote what the operating system says, and the certificate shows when it was issued");
        Assert.That(Of(findings, $"claims of {facts}").GetProperty("text").GetString(), Is.EqualTo("no attribute can be what it says of `device.serial` (json 1.5)"));

        plant.CommitWithout("credential.issued-at", Plant.Policy("TLS_AES_128_GCM_SHA256"));
        await agent.NextLineAsync(line => line.StartsWith("revision-changed: ", StringComparison.Ordinal), "policies that do not know when a certificate was issued");
        using var later = new StringWriter();
        await DoctorCommand.RunAsync(plant.Configuration, isJson: true, TimeProvider.System, isSynchronised: true, later, default);
        Assert.That(Of(JsonDocument.Parse(later.ToString()).RootElement.EnumerateArray(), "claims").GetProperty("text").GetString(),
            Does.Contain("`firmwear.version` (").And.Not.Contain("credential.issued-at"), "nobody wrote what the certificate says");
    }

    [Test]
    public async Task A_configuration_that_cannot_be_used_is_the_one_finding()
    {
        using var folder = new TemporaryFolder();
        using var output = new StringWriter();
        Assert.That(await DoctorCommand.RunAsync(folder.Write("agent.json", "{}"), isJson: false, TimeProvider.System, isSynchronised: true, output, default), Is.EqualTo(1));
        Assert.That(output.ToString(), Does.StartWith("fault   configuration: ").And.Contain("state: it is not there\n").And.Contain("docs/agent.md"));
    }

    private static JsonElement Of(IEnumerable<JsonElement> findings, string check) => findings.Single(found => found.GetProperty("check").GetString() == check);

    private static async Task<JsonElement[]> LookAsync(GatewayFolder machine, int exitCode, TimeProvider? time = null, bool isSynchronised = true)
    {
        using var output = new StringWriter();
        Assert.That(await DoctorCommand.RunAsync(machine.Configuration, isJson: true, time ?? TimeProvider.System, isSynchronised, output, default), Is.EqualTo(exitCode), output.ToString());
        return [.. JsonDocument.Parse(output.ToString()).RootElement.EnumerateArray()];
    }
}
