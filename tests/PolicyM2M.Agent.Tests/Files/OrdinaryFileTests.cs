using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Files;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Files;

/// <summary>In the place of a file there is a pipe to which nobody writes, a device without end, or far too much.</summary>
internal sealed class OrdinaryFileTests
{
    [TestCase("pipe", "it is no ordinary file")]
    [TestCase("to-pipe", "it is no ordinary file")]
    [TestCase("to-zero", "it is no ordinary file")]
    [TestCase("socket", "it is no ordinary file")]
    [TestCase("folder", "it is a folder, and a file is expected")]
    [TestCase("large", "it has more than 1048576 bytes")]
    [TestCase("to-large", "it has more than 1048576 bytes")]
    public void What_does_not_end_or_is_too_large_is_not_read(string name, string why)
    {
        using TemporaryFolder folder = Folder();
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(folder["socket"]));
        Assert.That(() => OrdinaryFile.Read(folder[name], 1 << 20), Throws.InstanceOf<IOException>().With.Message.EqualTo($"{folder[name]}: {why}"));
        Assert.That(OrdinaryFile.Fault(folder[name], 1 << 20), Is.EqualTo(why));
        Assert.That(() => ConfigurationFile.Read(folder[name]), Throws.TypeOf<CannotRunException>().With.Message.EqualTo($"the configuration cannot be read: {folder[name]}: {why}"));
    }

    [Test]
    public void A_file_is_read_also_behind_a_link_and_one_that_is_not_there_is_said_to_be_missing()
    {
        using TemporaryFolder folder = Folder();
        folder.Write("file", "text");
        File.CreateSymbolicLink(folder["link"], "file");
        Assert.That((OrdinaryFile.ReadText(folder["file"], 4), OrdinaryFile.ReadText(folder["link"], 4)), Is.EqualTo(("text", "text")));
        Assert.That(() => OrdinaryFile.Read(folder["nothing"], 4), Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo($"{folder["nothing"]}: it is not there"));
        Assert.That((OrdinaryFile.Fault(folder["nothing"], 4), OrdinaryFile.Fault(folder["link"], 4), OrdinaryFile.Fault(folder["link"], 3)), Is.EqualTo(((string?)null, (string?)null, "it has more than 3 bytes")));
    }

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
        Directory.CreateDirectory(folder["folder"]);
        File.CreateSymbolicLink(folder["to-pipe"], "pipe");
        File.CreateSymbolicLink(folder["to-zero"], "/dev/zero");
        File.CreateSymbolicLink(folder["to-large"], folder.Write("large", new string(' ', (1 << 20) + 1)));
        return folder;
    }
}
