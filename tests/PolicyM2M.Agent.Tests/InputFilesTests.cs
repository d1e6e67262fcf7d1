using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests;

/// <summary>In the place of a file of the agent there is a pipe to which nobody writes.</summary>
internal sealed class InputFilesTests
{
    [TestCase("run")]
    [TestCase("run", "--check-config")]
    [TestCase("status")]
    [TestCase("doctor")]
    public async Task An_agent_whose_configuration_is_a_pipe_does_not_wait_for_it(params string[] command)
    {
        using TemporaryFolder folder = Folder();
        using RunningProcess agent = RunningProcess.Start(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, .. command, "--config", folder["to-pipe"]], folder.Path);
        await agent.NextLineAsync(line => line.EndsWith($"{folder["to-pipe"]}: it is no ordinary file", StringComparison.Ordinal), "refusal");
    }

    [TestCase("gateway.pem", "certificate")]
    [TestCase("gateway-key.pem", "key")]
    [TestCase("ca.pem", "trust")]
    [TestCase("state/cache-key", "in the state folder")]
    [TestCase("state/decisions.m2mc", "in the state folder")]
    [TestCase("state/decisions.m2mc.bundle", "in the state folder")]
    [TestCase("state/credential/state.json", "in the state folder")]
    public async Task An_agent_whose_files_are_none_says_which_and_ends(string name, string what)
    {
        using var machine = new GatewayFolder();
        machine.Renew();
        File.Delete(machine[name]);
        FinishedProcess.Run("mkfifo", [machine[name]]).Succeeded();
        foreach (string[] command in new string[][] { ["run"], ["run", "--check-config"], ["doctor"] })
        {
            using RunningProcess agent = RunningProcess.Start(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, .. command, "--config", machine.Configuration], machine[""]);
            await agent.NextLineAsync(line => line.EndsWith($"`{machine[name]}` ({what}): it is no ordinary file", StringComparison.Ordinal), "refusal");
        }
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        FinishedProcess.Run("mkfifo", [folder["pipe"]]).Succeeded();
        File.CreateSymbolicLink(folder["to-pipe"], "pipe");
        return folder;
    }
}
