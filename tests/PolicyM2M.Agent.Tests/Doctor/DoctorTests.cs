using System.Text.Json;
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
    [TestCase("key", "fault", "readable-key")]
    [TestCase("key", "fault", "other-key")]
    [TestCase("trust", "fault", "no-trust")]
    [TestCase("trust", "fault", "writable-trust")]
    [TestCase("state", "fault", "no-state")]
    [TestCase("state", "fault", "writable-state")]
    [TestCase("socket", "fault", "no-run")]
    [TestCase("socket", "warning", "nothing")]
    [TestCase("service broker", "fault", "no-service-folder")]
    [TestCase("permissions", "fault", "writable-configuration")]
    [TestCase("permissions", "fault", "readable-cache-key")]
    [TestCase("permissions", "fault", "open-credentials")]
    [TestCase("pdp", "fault", "nothing")]
    public async Task Each_thing_that_is_broken_is_found_and_has_its_remedy(string check, string severity, string broken)
    {
        using var machine = new GatewayFolder();
        machine.Break(broken, Now);
        JsonElement finding = (await LookAsync(machine, 2)).Single(found => found.GetProperty("check").GetString() == check);
        Assert.That(finding.GetProperty("severity").GetString(), Is.EqualTo(severity), finding.ToString());
        Assert.That(finding.GetProperty("remedy").GetString(), Is.Not.Empty);
    }

    [Test]
    public async Task What_is_well_is_said_to_be_and_a_decision_point_that_is_away_is_found()
    {
        using var machine = new GatewayFolder();
        JsonElement[] findings = await LookAsync(machine, 2);
        Assert.That(findings.Where(found => found.GetProperty("severity").GetString() == "fault").Select(found => found.GetProperty("text").GetString()).Single(), Does.Contain("nobody listens on 127.0.0.1:1"));
        Assert.That(findings.Where(found => found.GetProperty("severity").GetString() == "ok").Select(found => found.GetProperty("check").GetString()),
            Is.EqualTo(new[] { "configuration", "certificate", "key", "trust", "state", "disk", "permissions", "service broker" }));
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
    public async Task A_configuration_that_cannot_be_used_is_the_one_finding()
    {
        using var folder = new TemporaryFolder();
        using var output = new StringWriter();
        Assert.That(await DoctorCommand.RunAsync(folder.Write("agent.json", "{}"), isJson: false, TimeProvider.System, output, default), Is.EqualTo(1));
        Assert.That(output.ToString(), Does.StartWith("fault   configuration: ").And.Contain("state: it is not there\n").And.Contain("docs/agent.md"));
    }

    private static async Task<JsonElement[]> LookAsync(GatewayFolder machine, int exitCode)
    {
        using var output = new StringWriter();
        Assert.That(await DoctorCommand.RunAsync(machine.Configuration, isJson: true, TimeProvider.System, output, default), Is.EqualTo(exitCode), output.ToString());
        return [.. JsonDocument.Parse(output.ToString()).RootElement.EnumerateArray()];
    }
}
