namespace PolicyM2M.Audit.Appending;

/// <summary>Counts the records that are missing, until the log itself says so. Safe for all threads: everything is counted under one lock.</summary>
internal sealed class LossCount
{
    private readonly Lock _lock = new();
    private LostRecords? _owed;
    private long _ever;

    /// <summary>How many records are missing since the start, whether or not the log says so yet.</summary>
    public long Ever => Interlocked.Read(ref _ever);

    /// <summary>Those of which the log does not say yet that they are missing; null where there are none.</summary>
    public LostRecords? Owed
    {
        get
        {
            lock (_lock)
                return _owed;
        }
    }

    /// <summary>These are missing, and the log has to say so.</summary>
    public void Owe(LostRecords lost)
    {
        lock (_lock)
            _owed = _owed is null ? lost : new LostRecords(_owed.Count + lost.Count, Earlier(lost.From, _owed.From), Earlier(lost.Until, _owed.Until) == lost.Until ? _owed.Until : lost.Until);
        Count(lost);
    }

    /// <summary>These are missing, and the log says so already.</summary>
    public void Count(LostRecords lost) => Interlocked.Add(ref _ever, lost.Count);

    /// <summary>The log says now that these are missing; what went missing meanwhile is still to be said.</summary>
    public void Said(LostRecords said)
    {
        lock (_lock)
            _owed = _owed == said ? null : new LostRecords(_owed!.Count - said.Count, said.Until, _owed.Until);
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
