namespace PolicyM2M.Pdp.Webhook;

/// <summary>How many requests are answered in a minute, whoever sends them. The count is the only state; one lock guards it.</summary>
internal sealed class RequestBudget(int perMinute, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _began = clock.GetTimestamp();
    private int _taken;

    /// <summary>Whether one more is answered.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            if (clock.GetElapsedTime(_began) >= Window)
                (_began, _taken) = (clock.GetTimestamp(), 0);
            return _taken < perMinute && ++_taken > 0;
        }
    }
}
