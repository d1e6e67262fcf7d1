using System.Collections.Immutable;
using System.Threading.Channels;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>
/// Decides again and again: when something happened, when a window ends, and at the interval. Its one mutable part is the mailbox that wakes it, which takes from any thread.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="interval">It decides at least this often.</param>
internal sealed class DecisionLoop(TimeProvider time, TimeSpan interval)
{
    /// <summary>While the decision point is away it is asked for this often, besides what the client's own watch does.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    /// <summary>A window's end is looked at just after it, not just before.</summary>
    private static readonly TimeSpan JustAfter = TimeSpan.FromMilliseconds(20);

    /// <summary>One place is enough: an event only says that it is time to decide.</summary>
    private readonly Channel<ClientEvent> _wake = Channel.CreateBounded<ClientEvent>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private bool _isAsking;

    /// <summary>Hears what happened to the client.</summary>
    public void Hear(ClientEvent happened)
    {
        // What asking itself finds out, its answer says.
        if (happened is ClientEvent.Connected or ClientEvent.RevisionChanged or ClientEvent.DeviceChanged || (happened is ClientEvent.Disconnected && !Volatile.Read(ref _isAsking)))
            _wake.Writer.TryWrite(happened);
    }

    /// <summary>Runs until <paramref name="decided"/> says that it is enough.</summary>
    /// <param name="decide">Decides; told whether to ask even where a fresh decision is kept.</param>
    /// <param name="decided">Told what was decided; answers whether to go on.</param>
    /// <param name="ending">Ends the loop.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task RunAsync(
        Func<bool, CancellationToken, Task<ImmutableArray<DeviceDecision>>> decide, Func<ImmutableArray<DeviceDecision>, ValueTask<bool>> decided, CancellationToken ending)
    {
        bool refresh = false;
        while (true)
        {
            Volatile.Write(ref _isAsking, true);
            ImmutableArray<DeviceDecision> decisions = await decide(refresh, ending);
            Volatile.Write(ref _isAsking, false);
            if (!await decided(decisions))
                return;
            refresh = await NextAsync(decisions, ending);
        }
    }

    /// <summary>Waits until it is time to decide again; tells whether to ask even where a fresh decision is kept.</summary>
    private async Task<bool> NextAsync(ImmutableArray<DeviceDecision> decisions, CancellationToken ending)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ending);
        waiting.CancelAfter(Pause(decisions));
        try
        {
            while (true)
            {
                bool isConnected = await _wake.Reader.ReadAsync(waiting.Token) is ClientEvent.Connected;
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
    private TimeSpan Pause(ImmutableArray<DeviceDecision> decisions)
    {
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan longest = decisions.All(decision => decision.Source == DecisionSource.Live) || interval < Retry ? interval : Retry;
        return decisions.SelectMany(decision => new[] { decision.FreshUntil, decision.UsableUntil })
            .OfType<DateTimeOffset>().Select(end => end - now + JustAfter).Where(left => left > TimeSpan.Zero).Append(longest).Min();
    }
}
