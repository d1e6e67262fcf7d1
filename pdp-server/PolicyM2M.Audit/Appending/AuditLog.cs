using System.Buffers;
using System.Threading.Channels;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Appending;

/// <summary>
/// Takes records from all threads, and writes them from one task: many with one flush of the disk. The line, and what was shed, are all that threads share.
/// </summary>
public sealed class AuditLog : IAsyncDisposable
{
    private const int LargestBatch = 8_192;

    /// <summary>How long buffered records may wait for others, so that one flush serves many.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly AuditLogOptions _options;
    private readonly LogWriter _writer;
    private readonly Channel<AuditEntry> _line;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Lock _lostLock = new();
    private readonly Task _writing;
    private LostRecords? _lost;
    private long _lostEver;
    private volatile AuditLogState _state;
    private long _publishedAt;
    private long _removeBefore;
    private Task<bool>? _more;
    private volatile bool _isClosing;

    private AuditLog(AuditLogOptions options)
    {
        _options = options;
        _writer = LogWriter.Open(new LogFolder(options.Folder), options.Origin, options.SigningKey, options.LongestJournal);
        _line = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(options.LineLength) { SingleReader = true });
        _publishedAt = options.Clock.GetTimestamp();
        _state = new AuditLogState(_writer.Size, _writer.Published.Size, 0, 0, null);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>How the log stands.</summary>
    public AuditLogState State => _state with { Waiting = _line.Reader.Count, Lost = Interlocked.Read(ref _lostEver) };

    /// <summary>The public key of the log.</summary>
    public NoteKey Key => _writer.Key;

    /// <summary>How many bytes of no whole record the end of the log had: a process was killed, or the power went, while it wrote them.</summary>
    public long CutAtStart => _writer.Cut;

    /// <summary>Opens a log, or begins one.</summary>
    /// <exception cref="AuditLogException">Another process writes it, or it is not what was signed.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static AuditLog Open(AuditLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new AuditLog(options);
    }

    /// <summary>Whether what happens now can be recorded, or need not be.</summary>
    /// <exception cref="AuditLogException">It cannot, and must be.</exception>
    public void Demand()
    {
        if (_options.WhenUnwritable == UnwritableLog.Stops && _state.Fault is { } fault)
            throw new AuditLogException($"the audit log cannot be written: {fault}");
    }

    /// <summary>Records. It comes back when the record is kept, which <see cref="AuditDurability"/> says; where the line is full it waits, or sheds.</summary>
    /// <exception cref="AuditLogException">The log cannot be written, and nothing may happen that is not recorded.</exception>
    public ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Demand();
        bool isAwaited = _options.Durability == AuditDurability.Durable;
        if (isAwaited)
            entry.Kept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_line.Writer.TryWrite(entry))
            return isAwaited ? new ValueTask(entry.Kept!.Task.WaitAsync(cancellation)) : ValueTask.CompletedTask;
        if (_options.WhenUnwritable == UnwritableLog.Sheds)
        {
            Shed([entry]);
            return ValueTask.CompletedTask;
        }
        return new ValueTask(WaitAsync(entry, cancellation));
    }

    /// <summary>Puts a record in line, and waits for nothing. Where the line is full it is counted as missing.</summary>
    public void Note(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!_line.Writer.TryWrite(entry))
            Shed([entry]);
    }

    /// <summary>Removes the entries of whole bundles before a record from the disk, with the next checkpoint; their hashes stay. A record of it must have been kept before.</summary>
    public void RemoveBefore(long number) => Interlocked.Exchange(ref _removeBefore, number);

    /// <summary>Writes what is in line, signs a checkpoint over all, and closes the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        if (!_line.Writer.TryComplete())
            return;
        await _writing.ConfigureAwait(false);
        _writer.Dispose();
    }

    private async Task WaitAsync(AuditEntry entry, CancellationToken cancellation)
    {
        try
        {
            await _line.Writer.WriteAsync(entry, cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new AuditLogException("the audit log is closed");
        }
        if (entry.Kept is { } kept)
            await kept.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        List<AuditEntry> batch = [];
        while (true)
        {
            bool isEnding = !await MoreAsync(isRetry: batch.Count > 0).ConfigureAwait(false);
            while (batch.Count < LargestBatch && _line.Reader.TryRead(out AuditEntry? entry))
                batch.Add(entry);
            string? fault = Write(batch, isEnding);
            Told(fault);
            // What was promised to be kept is tried again, and the line with it waits; at the end once more and no longer.
            if (isEnding)
                break;
            if (fault is not null)
                await Task.Delay(RetryAfter, _options.Clock).ConfigureAwait(false);
        }
        Refuse(batch);
    }

    /// <summary>Waits for an entry, or until a checkpoint is due. False once there will be no more.</summary>
    private async Task<bool> MoreAsync(bool isRetry)
    {
        if (isRetry)
            return !_line.Reader.Completion.IsCompleted;
        _more ??= _line.Reader.WaitToReadAsync().AsTask();
        if (_writer.Size > _writer.Published.Size && _options.CheckpointEvery - _options.Clock.GetElapsedTime(_publishedAt) is var due)
        {
            if (due > TimeSpan.Zero)
                await Task.WhenAny(_more, Task.Delay(due, _options.Clock)).ConfigureAwait(false);
            if (!_more.IsCompleted)
                return true;
        }
        bool more = await _more.ConfigureAwait(false);
        _more = null;
        if (more && _options.Durability == AuditDurability.Buffered && !_isClosing)
            await Task.Delay(Linger, _options.Clock).ConfigureAwait(false);
        return more;
    }

    /// <summary>Writes what there is, and says why it could not.</summary>
    private string? Write(List<AuditEntry> batch, bool isEnding)
    {
        try
        {
            Commit(batch);
            if (isEnding || _options.Clock.GetElapsedTime(_publishedAt) >= _options.CheckpointEvery)
            {
                if (isEnding || _writer.Size > _writer.Published.Size)
                {
                    _writer.Publish();
                    _writer.Remove(Interlocked.Read(ref _removeBefore));
                }
                _publishedAt = _options.Clock.GetTimestamp();
            }
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            if (_options.WhenUnwritable == UnwritableLog.Sheds)
            {
                Shed(batch);
                batch.Clear();
            }
            else
            {
                Refuse(batch);
            }
            return fault.Message;
        }
    }

    private void Commit(List<AuditEntry> batch)
    {
        LostRecords? lost;
        lock (_lostLock)
            lost = _lost;
        if (batch.Count == 0 && lost is null)
            return;
        List<byte[]> records = [];
        if (lost is not null)
            records.Add(Record(_options.Lost(lost), _writer.Size));
        foreach (AuditEntry entry in batch)
            records.Add(Record(entry, _writer.Size + records.Count));
        _writer.Commit(records);
        // Before anybody is told: whoever goes on then sees a log that has its record.
        _state = _state with { Size = _writer.Size };
        lock (_lostLock)
            _lost = lost is null || _lost == lost ? null : new LostRecords(_lost!.Count - lost.Count, lost.Until, _lost.Until);
        foreach (AuditEntry entry in batch)
            entry.Kept?.TrySetResult();
        batch.Clear();
    }

    private byte[] Record(AuditEntry entry, long number)
    {
        _buffer.ResetWrittenCount();
        entry.Write(number, _buffer);
        return _buffer.WrittenCount <= EntryBundle.LongestEntry
            ? _buffer.WrittenSpan.ToArray()
            : throw new InvalidOperationException($"a record has {_buffer.WrittenCount} bytes, and {EntryBundle.LongestEntry} are the most");
    }

    private void Shed(List<AuditEntry> entries)
    {
        if (entries.Count == 0)
            return;
        DateTimeOffset from = entries.Min(entry => entry.Time), until = entries.Max(entry => entry.Time);
        lock (_lostLock)
        {
            _lost = _lost is null ? new LostRecords(entries.Count, from, until)
                : new LostRecords(_lost.Count + entries.Count, from < _lost.From ? from : _lost.From, until > _lost.Until ? until : _lost.Until);
            _lostEver += entries.Count;
        }
        foreach (AuditEntry entry in entries)
            entry.Kept?.TrySetResult();
    }

    /// <summary>Whoever waits for these to be kept waits no longer. They are still tried again: what happened is recorded, whether or not its answer went out.</summary>
    private static void Refuse(List<AuditEntry> entries)
    {
        foreach (AuditEntry entry in entries)
            entry.Kept?.TrySetException(new AuditLogException("the audit log cannot be written"));
    }

    private void Told(string? fault)
    {
        bool isNews = fault is null != _state.Fault is null;
        _state = new AuditLogState(_writer.Size, _writer.Published.Size, 0, 0, fault);
        if (isNews)
            _options.Told?.Invoke(fault);
    }
}
