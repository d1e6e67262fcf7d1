using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// What a client does without being asked, once a second: writes the store when it is time, looks how long the certificate lasts, asks anew for what is in use before it ends, keeps the bundle vouched for,
/// and tries preferred decision points.
/// </summary>
internal sealed class Housekeeping : IAsyncDisposable
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    /// <summary>Between trials of preferred decision points, in turns.</summary>
    private const int TrialTurns = 5;

    /// <summary>So many claim sets are asked about anew in one turn; the others wait for the next.</summary>
    private const int MostRefreshes = 32;

    private readonly CancellationTokenSource _ending = new();
    private readonly Action<string> _failed;
    private readonly DecisionMemory _memory;
    private readonly DeviceClock _clock;
    private readonly StoreWriter _store;
    private readonly Func<bool> _isConnected;
    private readonly Func<ClaimSet, IReadOnlyList<DecisionKind>, Task> _ask;
    private readonly Action _look;
    private readonly Func<CancellationToken, Task> _tryPreferred;
    private readonly Func<CancellationToken, Task> _keepBundle;
    private Task _running = Task.CompletedTask;

    /// <param name="memory">What is kept.</param>
    /// <param name="clock">The device's clock.</param>
    /// <param name="store">What writes it.</param>
    /// <param name="isConnected">Whether somebody answers: otherwise nobody is asked.</param>
    /// <param name="ask">Asks anew, and does not throw for what the decision point does.</param>
    /// <param name="look">Looks at what comes with time alone.</param>
    /// <param name="tryPreferred">Tries the decision points that are preferred to the one that is asked.</param>
    /// <param name="keepBundle">Fetches the bundle where it is due.</param>
    /// <param name="failed">Told of a turn that could not be done for a reason that nobody foresaw; the next is tried all the same.</param>
    public Housekeeping(DecisionMemory memory, DeviceClock clock, StoreWriter store, Func<bool> isConnected,
        Func<ClaimSet, IReadOnlyList<DecisionKind>, Task> ask, Action look, Func<CancellationToken, Task> tryPreferred, Func<CancellationToken, Task> keepBundle, Action<string> failed)
    {
        _memory = memory;
        _clock = clock;
        _store = store;
        _isConnected = isConnected;
        _ask = ask;
        _look = look;
        _tryPreferred = tryPreferred;
        _keepBundle = keepBundle;
        _failed = failed;
    }

    public void Start() => _running = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        // A bundle may take minutes, and nothing waits for it.
        Task bundle = Task.CompletedTask;
        string? told = null;
        try
        {
            for (int turn = 1; ; turn++)
            {
                await Task.Delay(Turn, _ending.Token).ConfigureAwait(false);
                try
                {
                    await TurnAsync(turn).ConfigureAwait(false);
                    if (bundle.IsCompleted && _isConnected())
                    {
                        Task ended = bundle;
                        bundle = _keepBundle(_ending.Token);
                        await ended.ConfigureAwait(false);
                    }
                }
                catch (Exception fault) when (!_ending.IsCancellationRequested)
                {
                    // A defect of ours, or of a handler of events: a client that went on without its housekeeping would wear itself out unnoticed. One reason is told once.
                    if (told != fault.Message)
                        _failed(told = fault.Message);
                }
            }
        }
        finally
        {
            await bundle.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TurnAsync(int turn)
    {
        _store.WriteIfDue();
        _look();
        if (turn % TrialTurns == 0)
            await _tryPreferred(_ending.Token).ConfigureAwait(false);
        if (_isConnected())
            await RefreshAsync().ConfigureAwait(false);
    }

    private async Task RefreshAsync()
    {
        DateTimeOffset now = _clock.Now;
        IEnumerable<IGrouping<ClaimSet, KeptDecision>> due = _memory.Index.All.Where(kept => kept.User is { } user && now >= RefreshAt(kept, user)).GroupBy(kept => kept.User!).Take(MostRefreshes);
        await Task.WhenAll(due.Select(async group =>
        {
            // Whoever does not use the answer again is not asked for again.
            foreach (KeptDecision kept in group)
                kept.User = null;
            await _ask(group.Key, [.. group.Select(kept => kept.Kind).Distinct().Order()]).ConfigureAwait(false);
        })).ConfigureAwait(false);
    }

    /// <summary>What rests on a statement is asked for anew before that ends too.</summary>
    private static DateTimeOffset RefreshAt(KeptDecision kept, ClaimSet user) =>
        kept.Region.NeedsVouching && user.Slot.Facts.Statement is { } statement && statement.RefreshAt < kept.RefreshAt ? statement.RefreshAt : kept.RefreshAt;
}
