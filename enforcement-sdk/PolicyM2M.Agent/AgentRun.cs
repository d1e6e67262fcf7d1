using System.Collections.Immutable;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>Decides for a device in the foreground, and shows what changed.</summary>
internal static class AgentRun
{
    public static async Task<int> RunAsync(AgentOptions options, CancellationToken ending)
    {
        TimeProvider time = options.Client.Time;
        IAgentOutput output = options.Json ? new JsonOutput(Console.Out, time) : new TextOutput(Console.Out, time);
        var loop = new DecisionLoop(options.Interval);
        await using PolicyClient client = PolicyClient.Connect(options.Client with
        {
            OnEvent = happened =>
            {
                output.Event(happened);
                loop.Hear(happened);
            },
        });
        output.Device(client.DeviceId, options.Client.Endpoint);

        ImmutableArray<DeviceDecision> last = [];
        try
        {
            await loop.RunAsync(
                new DecisionSubject((refresh, ended) => client.DecideAsync(options.Claims, refresh || options.Once, ended), ended => client.NextChange.WaitAsync(ended), client.Time.GetUtcNow),
                decisions =>
                {
                    foreach (DeviceDecision decision in decisions.Where(decision => !IsShown(decision, last)))
                        output.Decision(decision);
                    last = decisions;
                    return ValueTask.FromResult(!options.Once);
                },
                ending);
            return last.Any(decision => decision.Outcome.IsDenied) ? ExitCode.Denied : ExitCode.Ok;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Whoever asked once has no answer, which must not pass for a permission.
            return options.Once ? ExitCode.CouldNotRun : ExitCode.Ok;
        }
    }

    private static bool IsShown(DeviceDecision decision, ImmutableArray<DeviceDecision> last) =>
        last.Any(shown => shown.Source == decision.Source && shown.Revision == decision.Revision && (shown.Outcome.Equals(decision.Outcome) || IsStillAway(shown, decision)));

    /// <summary>While nothing can be had the reason may differ from attempt to attempt; the answer does not.</summary>
    private static bool IsStillAway(DeviceDecision shown, DeviceDecision decision) =>
        shown.Kind == decision.Kind && shown.Source == DecisionSource.Denied && decision.Source == DecisionSource.Denied;
}
