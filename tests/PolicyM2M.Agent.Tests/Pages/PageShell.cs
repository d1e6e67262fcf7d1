using System.Net;
using System.Net.Sockets;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Pages;

/// <summary>
/// Where the commands of a page are run as they stand: a folder that is as a clone is, and a shell in which <c>dotnet run --project</c> starts what was built with the tests and builds nothing. The ports of the page are
/// replaced by free ones.
/// </summary>
internal sealed class PageShell : IDisposable
{
    private static readonly string Root = ProjectFolder.RepositoryRootOf(typeof(PageShell).Assembly);
    private static readonly string[] InClone = ["policies", "schemas/proto", "docs/clients"];

    private readonly TemporaryFolder _clone = new();
    private readonly List<RunningProcess> _staying = [];
    private readonly Dictionary<string, string> _ports;

    /// <param name="ports">The ports that the page speaks of; the first is the decision point's.</param>
    public PageShell(params string[] ports)
    {
        string git = RequiredProgram.Git.Require();
        foreach (string path in FinishedProcess.Run(git, ["-c", "safe.directory=*", "ls-files", "-z", .. InClone], Root).Succeeded().Output.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_clone[path])!);
            File.Copy(Path.Combine(Root, path), _clone[path]);
        }
        FinishedProcess.Run(git, ["init", "--quiet"], _clone.Path).Succeeded();
        FinishedProcess.Run(git, ["add", "."], _clone.Path).Succeeded();
        FinishedProcess.Run(git, ["-c", "user.name=Test", "-c", "user.email=test@test.example", "commit", "--quiet", "-m", "clone"], _clone.Path).Succeeded();
        _ports = FreePorts(ports);
        Environment = [new("POLICYM2M_PDP_LISTEN", $"127.0.0.1:{_ports[ports[0]]}")];
    }

    private KeyValuePair<string, string?>[] Environment { get; }

    /// <summary>Runs the commands of a block, and tells what they print. Those that stay are left running once they have printed what the page shows.</summary>
    public async Task<string> RunAsync(PageBlock block)
    {
        if (!block.Stays)
        {
            FinishedProcess run = FinishedProcess.Run("bash", ["-c", Script(block.Commands)], _clone.Path, environment: Environment);
            return InPage(run.Succeeded().Output + run.Error);
        }
        RunningProcess process = RunningProcess.Start("bash", ["-c", Script(block.Commands)], _clone.Path, Environment);
        _staying.Add(process);
        foreach (string line in block.Prints)
            await process.NextLineAsync(printed => InPage(printed).Contains(line, StringComparison.Ordinal), $"`{line}`");
        return string.Join('\n', block.Prints);
    }

    public void Dispose()
    {
        foreach (RunningProcess process in _staying)
            process.Dispose();
        _clone.Dispose();
    }

    private string Script(string commands) => $$"""
        set -eu
        dotnet() {
          [[ $1 == run && $2 == --project ]]
          local project=$3
          shift 3
          if [[ ${1:-} == -- ]]; then shift; fi
          local program=("{{Root}}/$project/bin/{{BuiltInto}}"/*.runtimeconfig.json)
          "{{ProgramStart.Ordinary.Program}}" "${program[0]%.runtimeconfig.json}.dll" "$@"
        }
        {{_ports.Aggregate(commands, (text, port) => text.Replace(port.Key, port.Value, StringComparison.Ordinal))}}
        """;

    /// <summary>Configuration and framework, as the folders of the agent say them.</summary>
    private static string BuiltInto
    {
        get
        {
            string folder = Path.GetDirectoryName(ProgramStart.Ordinary.Arguments[0])!;
            return $"{Path.GetFileName(Path.GetDirectoryName(folder))}/{Path.GetFileName(folder)}";
        }
    }

    private string InPage(string text) => _ports.Aggregate(text, (printed, port) => printed.Replace(port.Value, port.Key, StringComparison.Ordinal));

    private static Dictionary<string, string> FreePorts(string[] names)
    {
        TcpListener[] listeners = [.. names.Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
            listener.Start();
        var ports = names.Zip(listeners).ToDictionary(pair => pair.First, pair => $"{((IPEndPoint)pair.Second.LocalEndpoint).Port}");
        foreach (TcpListener listener in listeners)
            listener.Dispose();
        return ports;
    }
}
