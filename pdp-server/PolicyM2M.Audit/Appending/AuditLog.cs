using System.Threading.Channels;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Appending;

/// <summary>
/// Takes records from all threads, and has them written by one task (<see cref="LogTask"/>). The line, and what was shed, are all that threads share.
/// </summary>
public sealed class AuditLog : IAsyncDisposable
{
    private readonly AuditLogOptions _options;
    private readonly LogWriter _writer;
    private readonly Channel<AuditEntry> _line;
    private readonly DiskPatience _disk;
    private readonly LogTask _task;
    private int _disposals;

    private AuditLog(AuditLogOptions options)
    {
        _options = options;
        _writer = LogWriter.Open(new LogFolder(options.Folder), options.Origin, options.SigningKey, options.LongestJournal);
        _line = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(options.LineLength) { SingleReader = true });
        _disk = new DiskPatience(options.Clock);
        _task = new LogTask(options, _writer, _line, _disk);
    }

    /// <summary>How the log stands.</summary>
    public AuditLogState State => _task.State;

    /// <summary>The public key of the log.</summary>
    public NoteKey Key => _writer.Key;

    /// <summary>How many bytes of no whole record the end of the log had: a process was killed, or the power went, while it wrote them.</summary>
    public long CutAtStart => _writer.Cut;

    /// <summary>How many records the log had that no signed checkpoint covered: a process that is killed leaves those of its last second or two.</summary>
    public long UnsignedAtStart => _writer.Unsigned;

    /// <summary>What was not as it had been signed when the log was opened, and was made anew from what was; the altered files are kept beside.</summary>
    public IReadOnlyList<string> MendedAtStart => _writer.Mended;

    /// <summary>Opens a log, or begins one.</summary>
    /// <exception cref="AuditLogException">Another process writes it, or it is not what was signed.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static AuditLog Open(AuditLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new AuditLog(options);
    }

    /// <summary>Why what happens now cannot be recorded, and must be; null where it can, or need not be.</summary>
    public string? Objection => _task.Broken
        // What a broken writer sheds would never be said.
        ?? (_options.WhenUnwritable == UnwritableLog.Stops && _task.Fault is { } fault ? $"the audit log cannot be written: {fault}" : null);

    /// <summary>When a record counts as kept.</summary>
    public AuditDurability Durability => _options.Durability;

    /// <summary>Makes sure that what happens now can be recorded, or need not be.</summary>
    /// <exception cref="AuditLogException">It cannot, and must be.</exception>
    public void Demand()
    {
        if (Objection is { } objection)
            throw new AuditLogException(objection);
    }

    /// <summary>Records where nobody need wait for it. False, and nothing is done, where <see cref="RecordAsync"/> would wait, shed or throw.</summary>
    internal bool TryRecord(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Objection is null && !_options.IsWaitedFor(isDurable: false, _disk.Hangs is not null) && _line.Writer.TryWrite(entry);
    }

    /// <summary>Records. It comes back when the record is kept, which <see cref="AuditDurability"/> says; where the line is full it waits, or sheds.</summary>
    /// <exception cref="AuditLogException">The log cannot be written, and nothing may happen that is not recorded; or the record cannot be made.</exception>
    public ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellation = default) => Record(entry, isDurable: false, cancellation);

    /// <summary>Records, and comes back when the record is on disk, or shed where the log may, whatever <see cref="AuditDurability"/> says.</summary>
    /// <exception cref="AuditLogException">As above.</exception>
    internal ValueTask RecordOnDiskAsync(AuditEntry entry, CancellationToken cancellation) => Record(entry, isDurable: true, cancellation);

    /// <summary>Records, and comes back when the record is on disk, whatever the options say: for what may only be done after that.</summary>
    /// <exception cref="AuditLogException">The record is not on disk; it may still come there.</exception>
    public Task KeepAsync(AuditEntry entry, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Demand();
        entry.MustBeOnDisk = true;
        entry.Kept = NewSignal();
        return WaitAsync(entry, cancellation);
    }

    /// <summary>Puts a record in line, and waits for nothing. Where the line is full it is counted as missing.</summary>
    public void Note(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!_line.Writer.TryWrite(entry))
            _task.Shed([entry]);
    }

    /// <summary>
    /// Removes the entries of whole bundles before a record from the disk, with the next checkpoint; their hashes stay. A record of it must be on disk before. What fails is tried again with each checkpoint,
    /// and keeps nothing from being recorded.
    /// </summary>
    public void RemoveBefore(long number) => _task.RemoveBefore(number);

    /// <summary>
    /// Writes what is in line, signs a checkpoint over all, and closes the log. A disk that hangs is not waited for: what is in line then goes with the process, and <see cref="AuditLogOptions.Abandoned"/>
    /// is told.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _task.Close();
        if (Interlocked.Increment(ref _disposals) > 1)
            return;
        try
        {
            await _disk.UnlessItHangsAsync(_task.Ended, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _options.Abandoned?.Invoke(State.Waiting);
        }
    }

    private ValueTask Record(AuditEntry entry, bool isDurable, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!isDurable && TryRecord(entry))
            return ValueTask.CompletedTask;
        Demand();
        if (_options.IsWaitedFor(isDurable, _disk.Hangs is not null))
            entry.Kept = NewSignal();
        if (_line.Writer.TryWrite(entry))
            return entry.Kept is null ? ValueTask.CompletedTask : new ValueTask(KeptAsync(entry, cancellation));
        if (_options.WhenUnwritable == UnwritableLog.Sheds && _task.Broken is null)
        {
            _task.Shed([entry]);
            return ValueTask.CompletedTask;
        }
        return new ValueTask(WaitAsync(entry, cancellation));
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WaitAsync(AuditEntry entry, CancellationToken cancellation)
    {
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await _disk.UnlessItHangsAsync(_line.Writer.WriteAsync(entry, leaves.Token).AsTask(), cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new AuditLogException(_task.Broken ?? "the audit log is closed");
        }
        catch (TimeoutException)
        {
            await leaves.CancelAsync().ConfigureAwait(false);
            throw new AuditLogException($"the audit log cannot be written: {_disk.Hangs}");
        }
        if (entry.Kept is not null)
            await KeptAsync(entry, cancellation).ConfigureAwait(false);
    }

    private async Task KeptAsync(AuditEntry entry, CancellationToken cancellation)
    {
        try
        {
            await _disk.UnlessItHangsAsync(entry.Kept!.Task, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is in line, and comes to the disk or is counted as missing.
            if (_options.WhenUnwritable != UnwritableLog.Sheds || entry.MustBeOnDisk)
                throw new AuditLogException($"the audit log cannot be written: {_disk.Hangs}");
        }
    }
}
