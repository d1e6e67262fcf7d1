using PolicyM2M.Enforcement.Deciding;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// Decides when the store is written: flash wears out. What may be lost waits, so that there is at most one such write a minute; what a power cut must not undo is written at once; and the first that is
/// kept for a device within a second, or, where ever more comes first as on a gateway that starts, after twice as long as the time before. Mutable; one lock guards it, and writing: safe for all threads.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="content">What is to be written.</param>
/// <param name="now">The device's time.</param>
/// <param name="failed">Told why the file could not be written.</param>
internal sealed class StoreWriter(StoreFile file, Func<ReadOnlyMemory<byte>> content, Func<DateTimeOffset> now, Action<string> failed)
{
    /// <summary>Between writes of what may be lost.</summary>
    public static readonly TimeSpan Coalesced = TimeSpan.FromMinutes(1);

    /// <summary>How much running time may be forgotten in a power cut where nothing else is to be written.</summary>
    public static readonly TimeSpan LongestUnsaved = TimeSpan.FromMinutes(10);

    /// <summary>The least between writes of what comes first: the answers to one question, and its statement, are one write.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _written = now() - Coalesced;
    private TimeSpan _first = Shortest;
    private bool _isDue, _hasFirst;
    private long _writes;

    /// <summary>How many times it was written.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    /// <summary>Something has changed.</summary>
    /// <param name="change">What it means: a power cut must not undo what is taken back.</param>
    public void Changed(MemoryChange change)
    {
        lock (_lock)
        {
            _isDue = true;
            _hasFirst |= change == MemoryChange.First;
            if (change == MemoryChange.TakenBack)
                Write();
            else
                WriteIfDue();
        }
    }

    /// <summary>Writes where it is time.</summary>
    public void WriteIfDue()
    {
        lock (_lock)
        {
            TimeSpan since = now() - _written;
            if (!(_isDue && since >= (_hasFirst ? _first : Coalesced)) && since < LongestUnsaved)
                return;
            _first = !_hasFirst ? Shortest : _first * 2 < Coalesced ? _first * 2 : Coalesced;
            Write();
        }
    }

    /// <summary>Writes what has not been written.</summary>
    public void Flush()
    {
        lock (_lock)
            Write();
    }

    private void Write()
    {
        // A disk that fails is tried again when it is time again, and not at each answer.
        _isDue = _hasFirst = false;
        _written = now();
        Interlocked.Increment(ref _writes);
        try
        {
            file.Save(content().Span);
            ClientMetrics.StoreWritten();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _isDue = true;
            failed(failure.Message);
        }
    }
}
