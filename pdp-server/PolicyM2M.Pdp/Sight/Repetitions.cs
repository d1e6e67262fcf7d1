namespace PolicyM2M.Pdp.Sight;

/// <summary>
/// What is told once a minute and counted when it comes again, so that whoever does the same in a loop, or ever something else, fills neither a log nor the memory. The counts of the minute are the only
/// state; one lock guards them, and nobody is told under it.
/// </summary>
/// <param name="clock">Whose minutes.</param>
/// <param name="maximumWho">Those of whom it is told one by one in a minute.</param>
/// <param name="maximumWhat">What is told one by one of each of them.</param>
/// <param name="others">Those beyond.</param>
/// <param name="rest">What is beyond.</param>
/// <param name="again">Tells at the minute's end how often something came without being told.</param>
internal sealed class Repetitions<TWho, TWhat>(TimeProvider clock, int maximumWho, int maximumWhat, TWho others, TWhat rest, Action<TWho, TWhat, int> again) : IDisposable
    where TWho : notnull
    where TWhat : notnull
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<TWho, Dictionary<TWhat, int>> _untold = [];
    private ITimer? _ending;

    /// <summary>Told at the minute's end of each of them: what came first, and how often anything did.</summary>
    public Action<TWho, TWhat, int>? Ended { get; init; }

    /// <summary>Whether it is to be told now; otherwise it was counted.</summary>
    public bool IsNew(TWho who, TWhat what)
    {
        lock (_lock)
        {
            _ending ??= clock.CreateTimer(_ => EndWindow(), null, Window, Timeout.InfiniteTimeSpan);
            if (!_untold.ContainsKey(who) && _untold.Count >= maximumWho)
                (who, what) = (others, rest);
            if (!_untold.TryGetValue(who, out Dictionary<TWhat, int>? known))
                _untold[who] = known = [];
            if (!known.ContainsKey(what) && known.Count >= maximumWhat)
                what = rest;
            bool isNew = known.TryAdd(what, 0);
            if (isNew && !what.Equals(rest))
                return true;
            known[what]++;
            return false;
        }
    }

    /// <summary>Tells how often what was told came again, and begins anew.</summary>
    public void EndWindow()
    {
        (TWho Who, TWhat What, int Times)[] counted, ended;
        lock (_lock)
        {
            ended = [.. _untold.Select(who => (who.Key, who.Value.Keys.First(), who.Value.Sum(what => what.Key.Equals(rest) ? what.Value : what.Value + 1)))];
            counted = [.. _untold.SelectMany(who => who.Value.Where(what => what.Value > 0).Select(what => (who.Key, what.Key, what.Value)))];
            _untold.Clear();
            _ending?.Dispose();
            _ending = null;
        }
        foreach ((TWho who, TWhat what, int times) in counted)
            again(who, what, times);
        foreach ((TWho who, TWhat first, int times) in ended)
            Ended?.Invoke(who, first, times);
    }

    /// <summary>Ends the minute.</summary>
    public void Dispose() => EndWindow();
}
