using System.Globalization;
using PolicyM2M.Benchmarks.Devices;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Rotation;
using PolicyM2M.Benchmarks.Service;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks;

/// <summary>What the program does beside running BenchmarkDotNet.</summary>
internal static class OwnCommands
{
    private const string Quick = "--quick";

    private static readonly string Usage = $"""
        usage:
          workload N DIR        write the common workload with N rules to a folder: a policy set, contexts.jsonl, expected.jsonl
          workload NAME DIR     the same for one of {string.Join(", ", AllSets.Measured.Select(set => set.Name))}
          check                 compare the engine's answers on every set with those of naive evaluators
          table [--quick] [SECTION...]  measure the speed table and print it as Markdown; sections: {string.Join(", ", SpeedTable.SectionNames)}
          service [--quick] [SECTION...]  the same for the decision point as a process; sections: {string.Join(", ", ServiceTable.SectionNames)}
          rotation-fleet [--svg FILE]  simulate the renewals of a fleet, and draw them
          agent PROGRAM [--quick]  the agent as publish-agent.sh makes it: its cold start
          failover              two decision points, the preferred one silent or killed: how long until the other has answered
          region-cache [--quick]  a simulated gateway with 1,000 devices: how many calls its cache by regions saves against one by exact contexts
        Anything else goes to BenchmarkDotNet: --filter '*', --list flat.
        """;

    /// <summary>The exit code; null where it is not one of these commands.</summary>
    public static int? TryRun(string[] args)
    {
        switch (args)
        {
            case ["workload", var name, var folder]:
                if (SetOf(name) is not { } set)
                    return Refuse($"`{name}` is neither a number of rules nor a set");
                WorkloadFolder.Write(set, folder);
                return 0;
            case ["check"]:
                return Check();
            case ["table", .. var rest] when rest.All(word => word == Quick || SpeedTable.SectionNames.Contains(word)):
                return SpeedTable.Print([.. rest.Except([Quick])], rest.Contains(Quick) ? Effort.Quick : Effort.Usual) ? 0 : 1;
            case [EchoServer.Command, var pki, var answer]:
                return EchoServer.Run(pki, answer);
            case ["service", .. var rest] when rest.All(word => word == Quick || ServiceTable.SectionNames.Contains(word)):
                return ServiceTable.PrintAsync([.. rest.Except([Quick])], rest.Contains(Quick)).GetAwaiter().GetResult() ? 0 : 1;
            case ["region-cache"] or ["region-cache", Quick]:
                return GatewaySimulation.Print(isQuick: args.Length > 1) ? 0 : 1;
            case ["failover"]:
                return FailoverTable.PrintAsync().GetAwaiter().GetResult() ? 0 : 1;
            case ["agent", var program, .. var rest] when rest is [] or [Quick]:
                return AgentTable.PrintAsync(program, isQuick: rest.Length > 0).GetAwaiter().GetResult() ? 0 : 1;
            case [CompileOnce.Command, var folder]:
                return CompileOnce.Run(folder);
            case [FleetCommand.Command]:
                return FleetCommand.Run(null);
            case [FleetCommand.Command, "--svg", var file]:
                return FleetCommand.Run(file);
            case ["table", ..] or ["service", ..]:
                return Refuse("there is no such section");
            case ["workload", ..] or ["help"]:
                return Refuse("expected a set and a folder");
            default:
                return null;
        }
    }

    private static GeneratedSet? SetOf(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int rules) && rules > 0
            ? CommonPolicies.Of(CommonWorkload.Of(rules))
            : AllSets.Named(name);

    private static int Check()
    {
        int wrong = 0;
        foreach ((string name, Func<GeneratedSet> of) in AllSets.Measured)
        {
            string finding;
            try
            {
                GeneratedSet set = of();
                finding = Subject.Of(set).FirstWrong(set) ?? "right";
            }
            catch (SetDoesNotCompileException refused)
            {
                finding = refused.Message;
            }
            wrong += finding == "right" ? 0 : 1;
            Console.Out.WriteLine($"{name}: {finding}");
        }
        return wrong == 0 ? 0 : 1;
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        Console.Error.WriteLine(Usage);
        return 1;
    }
}
