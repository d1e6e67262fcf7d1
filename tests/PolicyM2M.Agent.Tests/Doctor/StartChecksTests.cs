using System.Text.Json;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Doctor;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Doctor;

/// <summary>What keeps the agent from starting, and what the start, <c>--check-config</c> and the doctor say of it: the same.</summary>
internal sealed class StartChecksTests
{
    [TestCase("empty-cache-key", "cache-key", "/state/cache-key` is empty, and `")]
    [TestCase("short-cache-key", "cache-key", "/state/cache-key` is no key: it has 3 bytes and not 32")]
    [TestCase("nowhere-cache-key", "cache-key", "/state/cache-key` is a link to ")]
    [TestCase("readable-cache-key", "permissions", "/state/cache-key can be read or written by others")]
    [TestCase("lock-folder", "state", "/state/lock: it is a folder, and a file is expected")]
    [TestCase("state-file", "state", "/state is a file, and a folder is expected")]
    [TestCase("state-below-file", "state", "/state is a file, and a folder is expected")]
    [TestCase("state-in-proc", "state", "/proc/none cannot be made: ")]
    [TestCase("no-run", "socket", "/run for the socket")]
    [TestCase("socket-file", "socket", "/run/agent.sock` is in the way: it is no socket")]
    [TestCase("socket-folder", "socket", "/run/agent.sock` is in the way: it is no socket")]
    [TestCase("no-such-file", "certificate", "/gateway.pem: it is not there")]
    [TestCase("garbage-certificate", "certificate", "/gateway.pem holds no certificate in PEM")]
    [TestCase("nameless-certificate", "certificate", "the certificate says of no device that it is it")]
    [TestCase("no-key", "key", "/gateway-key.pem: it is not there")]
    [TestCase("other-key", "key", "/gateway-key.pem is not that of the certificate in ")]
    [TestCase("no-trust", "trust", "/ca.pem holds no certificate")]
    [TestCase("no-trust-file", "trust", "/ca.pem: it is not there")]
    [TestCase("current-folder", "credential", "/state/credential/current is no link")]
    public async Task What_keeps_the_agent_from_starting_is_said_by_all_who_look(string broken, string check, string text)
    {
        using var machine = new GatewayFolder();
        machine.Break(broken, TimeProvider.System.GetUtcNow());
        CannotRunException start = Assert.Throws<CannotRunException>(() => StartChecks.Demand(machine.Configuration, ConfigurationFile.Read(machine.Configuration), TimeProvider.System.GetUtcNow()))!;
        Assert.That(start.Message.Split('\n').Where((_, line) => line % 2 == 0), Has.Some.Contains(text));
        Assert.That(start.Message.Split('\n').Where((_, line) => line % 2 == 1), Is.Not.Empty.And.All.Matches("^  [a-z]"), "each with its remedy");
        JsonElement finding = (await LookAsync(machine)).First(found => found.GetProperty("check").GetString() == check && found.GetProperty("severity").GetString() == "fault");
        Assert.That(finding.GetProperty("text").GetString(), Does.Contain(text));
        Assert.That(finding.GetProperty("remedy").GetString(), Is.Not.Empty);
    }

    [TestCase("run")]
    [TestCase("run", "--check-config")]
    public void The_program_says_so_and_ends_with_1(params string[] command)
    {
        using var machine = new GatewayFolder();
        machine.Break("other-key", TimeProvider.System.GetUtcNow());
        FinishedProcess agent = FinishedProcess.Run(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, .. command, "--config", machine.Configuration]);
        Assert.That((agent.ExitCode, agent.Output), Is.EqualTo((1, "")));
        Assert.That(agent.Error, Is.EqualTo($"agent: the key in {machine["gateway-key.pem"]} is not that of the certificate in {machine["gateway.pem"]}\n"
            + $"  put the certificate's own private key there, unencrypted PEM: {machine["gateway-key.pem"]}\n"));
    }

    [TestCase("run")]
    [TestCase("run", "--check-config")]
    public void A_socket_for_which_there_is_no_folder_is_said_to_be_why(params string[] command)
    {
        using var machine = new GatewayFolder();
        machine.Break("no-run", TimeProvider.System.GetUtcNow());
        FinishedProcess agent = FinishedProcess.Run(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, .. command, "--config", machine.Configuration]);
        Assert.That((agent.ExitCode, agent.Error), Is.EqualTo((1, $"agent: there is no folder {machine["run"]} for the socket\n  make it; a service makes only what is below /run itself (RuntimeDirectory)\n")));
    }

    [Test]
    public void What_keeps_it_from_nothing_is_in_its_log_and_what_the_configuration_is_said_to_be()
    {
        using var machine = new GatewayFolder();
        machine.Break("writable-state", TimeProvider.System.GetUtcNow());
        FinishedProcess agent = FinishedProcess.Run(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, "run", "--check-config", "--config", machine.Configuration]).Succeeded();
        Assert.That(agent.Output, Is.EqualTo($"doctor: state: {machine["state"]} can be written by others, who so put another key and other decisions there; chmod 700 {machine["state"]}, "
            + $"and see that everything in it is the agent's (ls -ln)\n{machine.Configuration} can be used\n"));
    }

    [Test]
    public void What_may_soon_be_at_fault_is_said_too_and_that_no_agent_runs_yet_is_not()
    {
        using var machine = new GatewayFolder();
        machine.Break("at-its-end", TimeProvider.System.GetUtcNow());
        FinishedProcess agent = FinishedProcess.Run(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, "run", "--check-config", "--config", machine.Configuration]).Succeeded();
        Assert.That(agent.Output, Does.StartWith($"doctor: warning: certificate: {machine["gateway.pem"]} expires on ").And.EndsWith($"; renew it now, and look why that has not happened by itself\n{machine.Configuration} can be used\n"));
        Assert.That(agent.Output.Split('\n'), Has.Length.EqualTo(3));
    }

    [TestCase("renewal.trust", "\"trust\": \"FILE\", \"command\": [\"/bin/true\"]")]
    [TestCase("renewal.estTrust", "\"trust\": \"CA\", \"est\": \"https://ca.example/.well-known/est\", \"estTrust\": \"FILE\"")]
    public void Authorities_for_the_renewal_that_are_none_are_found(string check, string renewal)
    {
        using var machine = new GatewayFolder();
        File.WriteAllText(machine["other.pem"], "garbage");
        renewal = renewal.Replace("FILE", machine["other.pem"], StringComparison.Ordinal).Replace("CA", machine["ca.pem"], StringComparison.Ordinal);
        File.WriteAllText(machine.Configuration, File.ReadAllText(machine.Configuration).Replace("\"services\"", $"\"renewal\": {{ {renewal} }}, \"services\"", StringComparison.Ordinal));
        Finding found = StartChecks.Demand(machine.Configuration, ConfigurationFile.Read(machine.Configuration), TimeProvider.System.GetUtcNow()).Single();
        Assert.That((found.Check, found.Severity, found.Text), Is.EqualTo((check, Severity.Fault, $"{machine["other.pem"]} holds no certificate")));
    }

    [Test]
    public void A_damaged_credential_that_was_renewed_keeps_it_from_nothing_while_the_first_is_whole()
    {
        using var machine = new GatewayFolder();
        machine.Renew();
        File.WriteAllText(machine["state/credential/renewed/key.pem"], "half");
        IReadOnlyList<Finding> faults = StartChecks.Demand(machine.Configuration, ConfigurationFile.Read(machine.Configuration), TimeProvider.System.GetUtcNow());
        Assert.That(faults.Select(fault => fault.Check), Is.EqualTo(new[] { "key" }));
        machine.Break("other-key", TimeProvider.System.GetUtcNow());
        Assert.That(() => StartChecks.Demand(machine.Configuration, ConfigurationFile.Read(machine.Configuration), TimeProvider.System.GetUtcNow()), Throws.TypeOf<CannotRunException>());
    }

    [Test]
    public async Task A_certificate_that_is_missing_is_not_blamed_on_the_key()
    {
        using var machine = new GatewayFolder();
        machine.Break("no-such-file", TimeProvider.System.GetUtcNow());
        JsonElement key = (await LookAsync(machine)).Single(found => found.GetProperty("check").GetString() == "key");
        Assert.That((key.GetProperty("severity").GetString(), key.GetProperty("remedy").GetString()), Is.EqualTo(("warning", "see to the certificate first")));
    }

    [TestCase("decisions.m2mc", "was altered or cut short")]
    [TestCase("decisions.m2mc.bundle", "was altered or cut short")]
    [TestCase("decisions.m2mc", "it has more than 33554432 bytes")]
    public async Task A_store_that_cannot_be_believed_is_found_and_left_as_it_is(string store, string text)
    {
        using var machine = new GatewayFolder();
        byte[] key = new byte[32];
        File.WriteAllBytes(machine["state/cache-key"], key);
        File.SetUnixFileMode(machine["state/cache-key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string path = machine[$"state/{store}"];
        File.WriteAllBytes(path, [0x4D, 0x32, 0x4D, 0x53, 5, .. new byte[60]]);
        if (text.Contains("more than", StringComparison.Ordinal))
        {
            using FileStream large = File.OpenWrite(path);
            large.SetLength(3L << 30);
        }
        JsonElement found = (await LookAsync(machine)).Single(finding => finding.GetProperty("check").GetString() == "store");
        Assert.That(found.GetProperty("text").GetString(), Does.StartWith($"{path} cannot be used: ").And.Contain(text));
        Assert.That((File.Exists(path), found.GetProperty("severity").GetString(), found.GetProperty("remedy").GetString()!.Contains($"rm {path}", StringComparison.Ordinal)), Is.EqualTo((true, "fault", true)));
        Assert.That(() => StartChecks.Demand(machine.Configuration, ConfigurationFile.Read(machine.Configuration), TimeProvider.System.GetUtcNow()), Throws.Nothing, "the agent throws it away and asks anew");
    }

    private static async Task<JsonElement[]> LookAsync(GatewayFolder machine)
    {
        using var output = new StringWriter();
        Assert.That(await DoctorCommand.RunAsync(machine.Configuration, isJson: true, TimeProvider.System, isSynchronised: true, output, default), Is.EqualTo(2), output.ToString());
        return [.. JsonDocument.Parse(output.ToString()).RootElement.EnumerateArray()];
    }
}
