using System.Text.RegularExpressions;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Deploying;

/// <summary>What <c>deploy/</c> has for the agent, held against the agent and against systemd.</summary>
internal sealed class DeploymentTests
{
    private static readonly string Folder = Path.Combine(ProjectFolder.RepositoryRootOf(typeof(DeploymentTests).Assembly), "deploy");

    [Test]
    public void The_configuration_to_begin_with_is_one_that_the_agent_takes()
    {
        AgentConfiguration read = ConfigurationFile.Read(Path.Combine(Folder, "agent.json"));
        string unit = File.ReadAllText(Path.Combine(Folder, "systemd/policym2m-agent.service"));
        Assert.That(unit, Does.Contain($"\nStateDirectory={Path.GetFileName(read.State)}\n").And.Contain($"\nRuntimeDirectory={Path.GetFileName(Path.GetDirectoryName(read.Socket.Path))}\n"));
    }

    [Test]
    public void The_unit_is_one_that_systemd_takes_and_leaves_the_service_few_rights()
    {
        string analyze = new RequiredProgram("systemd-analyze", "systemd").Require();
        using var folder = new TemporaryFolder();
        // The agent is not installed where tests run; that it is elsewhere is all that is changed.
        string unit = folder.Write("policym2m-agent.service", File.ReadAllText(Path.Combine(Folder, "systemd/policym2m-agent.service"))
            .Replace("=/usr/local/bin/policym2m-agent ", "=/bin/true ", StringComparison.Ordinal));

        FinishedProcess verified = FinishedProcess.Run(analyze, ["verify", "--man=no", unit]);
        Assert.That((verified.ExitCode, verified.Error), Is.EqualTo((0, "")));
        FinishedProcess secured = FinishedProcess.Run(analyze, ["security", "--offline=yes", "--threshold=20", unit]);
        Assert.That(secured.ExitCode, Is.Zero, secured.Output);
    }

    [Test]
    public void The_unit_lets_the_agent_ask_whether_the_clock_is_synchronised_and_never_set_it()
    {
        string[] unit = File.ReadAllLines(Path.Combine(Folder, "systemd/policym2m-agent.service"));
        string[] calls = [.. unit.Where(line => line.StartsWith("SystemCallFilter=", StringComparison.Ordinal)).SelectMany(line => line["SystemCallFilter=".Length..].Split(' '))];
        // Which of them adjtimex(3) makes differs between the C libraries.
        Assert.That(calls, Is.EquivalentTo(new[] { "@system-service", "adjtimex", "clock_adjtime", "clock_adjtime64" }));
        Assert.That(unit, Has.Member("CapabilityBoundingSet=").And.No.Member("ProtectClock=yes"));
    }

    [Test]
    public void The_unit_gives_options_that_the_agent_has()
    {
        string unit = File.ReadAllText(Path.Combine(Folder, "systemd/policym2m-agent.service"));
        string[] options = [.. DaemonCommands.All(default).Single(command => command.Name == "run").Options.Select(option => option.Name)];
        Assert.That(Regex.Matches(unit, @"(?m)^Exec.*$").SelectMany(line => Regex.Matches(line.Value, "--[a-z-]+")).Select(match => match.Value).Distinct(), Is.SubsetOf(options).And.Not.Empty);
    }
}
