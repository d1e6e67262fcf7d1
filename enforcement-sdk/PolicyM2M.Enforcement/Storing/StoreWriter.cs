namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// Decides when the store is written: flash wears out. What may be lost waits, so that there is at most one such write a minute; what a power cut must not undo is written at once. Mutable; one
/// lock guards it, and writing: safe for all threads.
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

    private readonly Lock _lock = new();
    private DateTimeOffset _written = now() - Coalesced;
    private bool _isDue;
    private long _writes;

    /// <summary>How many times it was written.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    /// <summary>Something has changed.</summary>
    /// <param name="isUrgent">Whether a power cut must not undo it.</param>
    public void Changed(bool isUrgent)
    {
        lock (_lock)
        {
            _isDue = true;
            if (isUrgent)
                Write();
        }
        if (!isUrgent)
            WriteIfDue();
    }

    /// <summary>Writes where it is time.</summary>
    public void WriteIfDue()
    {
        lock (_lock)
        {
            TimeSpan since = now() - _written;
            if ((_isDue && since >= Coalesced) || since >= LongestUnsaved)
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
        _isDue = false;
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
