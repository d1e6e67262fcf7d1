namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Whether the decision point answers, and which reasons for its silence, or for a refusal, were told since it last did: attempts go on for as long as it is away, and
/// one reason is news once. Safe for all threads: one lock guards it.
/// </summary>
internal sealed class Outage
{
    /// <summary>A transport with ever new words for one silence is not repeated for ever.</summary>
    private const int MaximumReasons = 16;

    /// <summary>Some devices behind a gateway may be refused for long.</summary>
    private const int MaximumRefusals = 1_024;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
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
            _refused.Clear();
        }
    }

    /// <summary>It did not answer; tells whether that is news.</summary>
    public bool IsNews(string reason)
    {
        lock (_lock)
        {
            _isConnected = false;
            _refused.Clear();
            return _told.Count < MaximumReasons && _told.Add(reason);
        }
    }

    /// <summary>It refused a device; tells whether that is news since it answered, or was away.</summary>
    public bool IsRefusalNews(string device, string reason)
    {
        lock (_lock)
        {
            _told.Clear();
            return _refused.Count < MaximumRefusals && _refused.Add($"{device}\n{reason}");
        }
    }
}
