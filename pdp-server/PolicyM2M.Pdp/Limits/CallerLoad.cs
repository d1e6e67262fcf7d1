namespace PolicyM2M.Pdp.Limits;

/// <summary>Why a call is not taken, and after how long another try makes sense.</summary>
internal sealed record Overload(string Reason, TimeSpan RetryAfter);

/// <summary>What one caller has open, and what is left of its rate (a token bucket). Its lock guards all of it, and nobody waits under it.</summary>
internal sealed class CallerLoad(string caller, CallLimits limits, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private double _tokens = limits.Burst;
    private long _countedAt = clock.GetTimestamp();
    private int _calls;
    private int _streams;

    /// <summary>Whose it is.</summary>
    public string Caller { get; } = caller;

    /// <summary>Its connections; <see cref="CallerLoads"/> counts them under a lock of its own.</summary>
    public int Connections { get; set; }

    /// <summary>Whether nothing would be different were it forgotten and made anew.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                Refill();
                return Connections == 0 && _calls == 0 && _streams == 0 && _tokens >= limits.Burst;
            }
        }
    }

    /// <summary>Begins a call or a stream; says why it must not where it does not.</summary>
    public Overload? Begin(bool isStream)
    {
        lock (_lock)
        {
            if (Take(1) is { } overload)
                return overload;
            if (isStream ? _streams >= limits.Streams : _calls >= limits.CallsPerCaller)
                return new Overload(isStream ? $"{limits.Streams} streams are open" : $"{limits.CallsPerCaller} calls are being answered", TimeSpan.FromSeconds(1));
            _ = isStream ? _streams++ : _calls++;
            return null;
        }
    }

    /// <summary>Ends what was begun.</summary>
    public void End(bool isStream)
    {
        lock (_lock)
            _ = isStream ? _streams-- : _calls--;
    }

    /// <summary>Counts more than the opening of a call against the rate.</summary>
    public Overload? Charge(int times)
    {
        lock (_lock)
            return Take(times);
    }

    /// <summary>How many calls a stream of so many bytes counts as, with its opening. Never more than may come at once: it would never be sent.</summary>
    public int CallsFor(int bytes) => Math.Clamp((bytes + CallLimits.BytesPerCall - 1) / CallLimits.BytesPerCall, 1, limits.Burst);

    private Overload? Take(int times)
    {
        Refill();
        if (_tokens < times)
            return new Overload($"{limits.Rate} calls a second are exceeded", TimeSpan.FromSeconds((times - _tokens) / limits.Rate));
        _tokens -= times;
        return null;
    }

    private void Refill()
    {
        long now = clock.GetTimestamp();
        _tokens = Math.Min(limits.Burst, _tokens + clock.GetElapsedTime(_countedAt, now).TotalSeconds * limits.Rate);
        _countedAt = now;
    }
}
