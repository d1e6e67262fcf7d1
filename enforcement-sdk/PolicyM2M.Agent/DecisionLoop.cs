using System.Collections.Immutable;
using System.Threading.Channels;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>
/// Decides again and again: when something happened, when a window ends, and at the interval. Its mutable parts are the mailbox that wakes it and what was heard since it woke last; both take from
/// any thread.
/// </summary>
/// <param name="interval">It decides at least this often.</param>
internal sealed class DecisionLoop(TimeSpan interval)
{
    /// <summary>While there is nothing fresh it is asked for this often, besides what the client's own watch does.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    /// <summary>Whom the decision point refuses asks ever more slowly, up to this: the watch hears when it is let in again.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <summary>A window's end is looked at just after it, not just before.</summary>
    private static readonly TimeSpan JustAfter = TimeSpan.FromMilliseconds(20);

    /// <summary>One place is enough: what was heard is kept beside it, so that nothing pushes anything else out.</summary>
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private int _heard;
    private bool _isAsking;
    private int _refusals;

    [Flags]
    private enum Heard
    {
        Nothing = 0,

        /// <summary>The link to the decision point stands again.</summary>
        Connected = 1,

        /// <summary>What was decided may not hold any more.</summary>
        Changed = 2,
    }

    /// <summary>Hears what happened to the client.</summary>
    public void Hear(ClientEvent happened) => Wake(happened switch
    {
        ClientEvent.Connected => Heard.Connected,
        ClientEvent.RevisionChanged or ClientEvent.DeviceChanged => Heard.Changed,
        // What asking itself finds out, its answer says.
        ClientEvent.Disconnected when !Volatile.Read(ref _isAsking) => Heard.Changed,
        _ => Heard.Nothing,
    });

    /// <summary>Hears that something else is to be decided than before.</summary>
    public void Wake() => Wake(Heard.Changed);

    /// <summary>Runs until <paramref name="decided"/> says that it is enough.</summary>
    /// <param name="subject">For whom it decides.</param>
    /// <param name="decided">Told what was decided; answers whether to go on.</param>
    /// <param name="ending">Ends the loop.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task RunAsync(DecisionSubject subject, Func<ImmutableArray<DeviceDecision>, ValueTask<bool>> decided, CancellationToken ending)
    {
        bool refresh = false;
        while (true)
        {
            using var turn = CancellationTokenSource.CreateLinkedTokenSource(ending);
            Task waking = WakeAfterAsync(subject.NextChangeAsync(turn.Token));
            try
            {
                Volatile.Write(ref _isAsking, true);
                ImmutableArray<DeviceDecision> decisions = await subject.DecideAsync(refresh, ending);
                Volatile.Write(ref _isAsking, false);
                if (!await decided(decisions))
                    return;
                refresh = await NextAsync(decisions, subject.Now(), ending);
            }
            finally
            {
                await turn.CancelAsync();
                await waking;
            }
        }
    }

    private void Wake(Heard heard)
    {
        if (heard == Heard.Nothing)
            return;
        Interlocked.Or(ref _heard, (int)heard);
        _wake.Writer.TryWrite(true);
    }

    private async Task WakeAfterAsync(Task change)
    {
        await change.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (change.IsCompletedSuccessfully)
            Wake(Heard.Changed);
    }

    /// <summary>Waits until it is time to decide again; tells whether to ask even where a fresh decision is kept.</summary>
    private async Task<bool> NextAsync(ImmutableArray<DeviceDecision> decisions, DateTimeOffset now, CancellationToken ending)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ending);
        _refusals = !decisions.IsEmpty && decisions.All(decision => decision.IsRefused) ? _refusals + 1 : 0;
        waiting.CancelAfter(Pause(decisions, now, _refusals));
        try
        {
            while (true)
            {
                await _wake.Reader.ReadAsync(waiting.Token);
                var heard = (Heard)Interlocked.Exchange(ref _heard, 0);
                bool isConnected = heard.HasFlag(Heard.Connected);
                // The link came to stand after the answer had come over it: nothing new.
                if (heard.HasFlag(Heard.Changed) || (isConnected && decisions.Any(decision => decision.Source != DecisionSource.Live)))
                    return isConnected;
            }
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Until the next window ends; at most the interval, and while there is nothing fresh at most a retry.</summary>
    /// <param name="decisions">What was decided.</param>
    /// <param name="now">The time.</param>
    /// <param name="refusals">How often running the decision point refused to decide anything.</param>
    internal TimeSpan Pause(ImmutableArray<DeviceDecision> decisions, DateTimeOffset now, int refusals)
    {
        TimeSpan retry = Retry * Math.Pow(2, Math.Clamp(refusals - 1, 0, 8));
        if (retry > LongestRetry)
            retry = LongestRetry;
        bool isFresh = decisions.All(decision => decision.Source is DecisionSource.Live or DecisionSource.Cached);
        TimeSpan longest = isFresh || interval < retry ? interval : retry;
        return decisions.SelectMany(decision => new[] { decision.FreshUntil, decision.UsableUntil })
            .OfType<DateTimeOffset>().Select(end => end - now + JustAfter).Where(left => left > TimeSpan.Zero).Append(longest).Min();
    }
}
