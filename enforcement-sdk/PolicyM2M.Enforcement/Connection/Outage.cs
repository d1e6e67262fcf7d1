namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Whether the decision point answers, and which reasons for its silence were told since it last did: attempts go on for as long as it is away, and one
/// reason is news once. Safe for all threads: one lock guards it.
/// </summary>
internal sealed class Outage
{
    /// <summary>A transport with ever new words for one silence is not repeated for ever.</summary>
    private const int MaximumReasons = 16;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private bool _isConnected;

    /// <summary>Whether the last that was heard was an answer.</summary>
    public bool IsConnected
    {
        get
        {
            lock (_lock)
                return _isConnected;
        }
    }

    /// <summary>It answered.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            _isConnected = true;
            _told.Clear();
        }
    }

    /// <summary>It did not answer; tells whether that is news.</summary>
    public bool IsNews(string reason)
    {
        lock (_lock)
        {
            _isConnected = false;
            return _told.Count < MaximumReasons && _told.Add(reason);
        }
    }
}
