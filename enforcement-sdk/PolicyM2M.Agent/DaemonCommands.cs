using System.CommandLine;
using PolicyM2M.Agent.Bundles;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Doctor;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement.Deciding;

namespace PolicyM2M.Agent;

/// <summary>The commands of the daemon: to run it, to see how it fares, and to see what it lacks.</summary>
internal static class DaemonCommands
{
    private const string UsualConfiguration = "/etc/policym2m/agent.json";

    public static IEnumerable<Command> All(CancellationToken ending) => [Run(ending), Status(ending), Doctor(ending), Check()];

    private static Command Run(CancellationToken ending)
    {
        Option<string> config = Config();
        Option<bool> check = new("--check-config") { Description = "Say whether the agent would start by the configuration, and end." };
        var command = new Command("run", "Run as a gateway's daemon: answer local programs on a Unix socket, and bring services to what is decided.") { config, check };
        command.SetAction((parsed, _) =>
        {
            if (!OperatingSystem.IsLinux())
                throw new CannotRunException("the daemon needs Linux, whose kernel says who is at the other end of its socket");
            string path = parsed.GetValue(config)!;
            AgentConfiguration configuration = ConfigurationFile.Read(path);
            IReadOnlyList<Finding> findings = StartChecks.Demand(path, configuration, TimeProvider.System.GetUtcNow());
            // What a start goes by is in its log too.
            foreach (Finding finding in findings)
                Console.Out.Write($"doctor: {Printable.Text($"{(finding.Severity == Severity.Warning ? "warning: " : "")}{finding.Check}: {finding.Text}; {finding.Remedy}")}\n");
            if (!parsed.GetValue(check))
                return Daemon.RunAsync(configuration, TimeProvider.System, Console.Out, ending);
            Console.Out.Write($"{path} can be used\n");
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static Command Status(CancellationToken ending)
    {
        Option<string> config = Config();
        Option<string?> socket = new("--socket") { HelpName = "FILE", Description = "The socket of the agent; instead of the one that its configuration names." };
        Option<bool> json = new("--json") { Description = "Write it as JSON." };
        var command = new Command("status", "Ask the running agent how it fares.") { config, socket, json };
        command.SetAction((parsed, _) =>
            StatusCommand.RunAsync(parsed.GetValue(socket) ?? ConfigurationFile.Read(parsed.GetValue(config)!).Socket.Path, parsed.GetValue(json), Console.Out, ending));
        return command;
    }

    private static Command Doctor(CancellationToken ending)
    {
        Option<string> config = Config();
        Option<bool> json = new("--json") { Description = "Write the findings as JSON." };
        var command = new Command("doctor", "Look at everything that the agent needs, and say what to do: 0 where nothing is at fault, 2 where something is, 1 where the configuration cannot be read.")
        { config, json };
        command.SetAction((parsed, _) => DoctorCommand.RunAsync(parsed.GetValue(config)!, parsed.GetValue(json), TimeProvider.System, MachineState.Own.IsClockSynchronised(), Console.Out, ending));
        return command;
    }

    /// <summary>For who compares machines; not in the help.</summary>
    private static Command Check()
    {
        Argument<string> bundle = new("bundle");
        Option<string> contexts = new("--contexts") { HelpName = "FILE", Required = true, Description = "Contexts, a JSON object per line." };
        Option<long> now = new("--now") { HelpName = "SECONDS", Required = true, Description = "The moment of the decisions, in seconds since 1970." };
        var command = new Command("check-bundle", "Decide contexts from a bundle, and write a digest of each answer.") { bundle, contexts, now };
        command.Hidden = true;
        command.SetAction(parsed => CheckBundle.Run(parsed.GetValue(bundle)!, parsed.GetValue(contexts)!, DateTimeOffset.FromUnixTimeSeconds(parsed.GetValue(now)), Console.Out));
        return command;
    }

    private static Option<string> Config() => new("--config") { HelpName = "FILE", Description = "The configuration, JSON.", DefaultValueFactory = _ => UsualConfiguration };
}
