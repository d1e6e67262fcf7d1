using System.Collections.Immutable;
using System.Threading.Channels;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>Decides, shows what changed, and decides again when something may have: an event, the end of a window, or the interval.</summary>
internal static class AgentRun
{
    /// <summary>While the decision point is away it is asked for this often, besides what the client's own watch does.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    /// <summary>A window's end is looked at just after it, not just before.</summary>
    private static readonly TimeSpan JustAfter = TimeSpan.FromMilliseconds(20);

    public static async Task<int> RunAsync(AgentOptions options, CancellationToken ending)
    {
        IAgentOutput output = options.Json ? new JsonOutput(Console.Out, options.Client.Time) : new TextOutput(Console.Out, options.Client.Time);
        // One place is enough: an event only says that it is time to decide.
        Channel<ClientEvent> wake = Channel.CreateBounded<ClientEvent>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        bool isAsking = false;
        await using PolicyClient client = PolicyClient.Connect(options.Client with
        {
            OnEvent = happened =>
            {
                output.Event(happened);
                // What asking itself finds out, its answer says.
                if (happened is ClientEvent.Connected or ClientEvent.RevisionChanged or ClientEvent.DeviceChanged || (happened is ClientEvent.Disconnected && !Volatile.Read(ref isAsking)))
                    wake.Writer.TryWrite(happened);
            },
        });
        output.Device(client.DeviceId, options.Client.Endpoint);

        ImmutableArray<DeviceDecision> last = [];
        bool refresh = false;
        try
        {
            while (true)
            {
                Volatile.Write(ref isAsking, true);
                ImmutableArray<DeviceDecision> decisions = await client.DecideAsync(options.Claims, refresh || options.Once, ending);
                Volatile.Write(ref isAsking, false);
                foreach (DeviceDecision decision in decisions.Where(decision => !IsShown(decision, last)))
                    output.Decision(decision);
                if (options.Once)
                    return decisions.Any(decision => decision.Outcome.IsDenied) ? ExitCode.Denied : ExitCode.Ok;
                last = decisions;
                refresh = await NextAsync(decisions, options, wake.Reader, ending);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Whoever asked once has no answer, which must not pass for a permission.
            return options.Once ? ExitCode.CouldNotRun : ExitCode.Ok;
        }
    }

    /// <summary>Waits until it is time to decide again; tells whether to ask even where a fresh decision is kept.</summary>
    private static async Task<bool> NextAsync(ImmutableArray<DeviceDecision> decisions, AgentOptions options, ChannelReader<ClientEvent> wake, CancellationToken ending)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ending);
        waiting.CancelAfter(Pause(decisions, options.Client.Time.GetUtcNow(), options.Interval));
        try
        {
            while (true)
            {
                bool isConnected = await wake.ReadAsync(waiting.Token) is ClientEvent.Connected;
                // The link came to stand after the answer had come over it: nothing new.
                if (!isConnected || decisions.Any(decision => decision.Source != DecisionSource.Live))
                    return isConnected;
            }
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Until the next window ends; at most the interval, and while the decision point is away at most a retry.</summary>
    private static TimeSpan Pause(ImmutableArray<DeviceDecision> decisions, DateTimeOffset now, TimeSpan interval)
    {
        TimeSpan longest = decisions.All(decision => decision.Source == DecisionSource.Live) || interval < Retry ? interval : Retry;
        return decisions.SelectMany(decision => new[] { decision.FreshUntil, decision.UsableUntil })
            .OfType<DateTimeOffset>().Select(end => end - now + JustAfter).Where(left => left > TimeSpan.Zero).Append(longest).Min();
    }

    private static bool IsShown(DeviceDecision decision, ImmutableArray<DeviceDecision> last) =>
        last.Any(shown => shown.Source == decision.Source && shown.Revision == decision.Revision && (shown.Outcome.Equals(decision.Outcome) || IsStillAway(shown, decision)));

    /// <summary>While nothing can be had the reason may differ from attempt to attempt; the answer does not.</summary>
    private static bool IsStillAway(DeviceDecision shown, DeviceDecision decision) =>
        shown.Kind == decision.Kind && shown.Source == DecisionSource.Denied && decision.Source == DecisionSource.Denied;
}
