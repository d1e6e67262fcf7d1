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

    /// <summary>A disk that has not answered for so long counts as one that cannot be written: it may never answer, and says nothing.</summary>
    private static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(5);

    private readonly AuditLogOptions _options;
    private readonly LogWriter _writer;
    private readonly Channel<AuditEntry> _line;
    private readonly RecordMaker _maker;
    private readonly LossCount _lost = new();
    private readonly Task _writing;
    private volatile AuditLogState _state;
    private volatile int _inHand;
    private volatile string? _broken;
    private volatile string? _hangs;
    private long _writingSince;
    private long _publishedAt;
    private long _removeBefore;
    private Task<bool>? _more;
    private volatile bool _isClosing;
    private int _disposals;

    private AuditLog(AuditLogOptions options)
    {
        _options = options;
        _maker = new RecordMaker(options.Lost);
        _writer = LogWriter.Open(new LogFolder(options.Folder), options.Origin, options.SigningKey, options.LongestJournal);
        _line = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(options.LineLength) { SingleReader = true });
        _publishedAt = options.Clock.GetTimestamp();
        _state = new AuditLogState(_writer.Size, _writer.Published.Size, 0, 0, null);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>How the log stands.</summary>
    public AuditLogState State
    {
        get
        {
            // In this order: a record that goes from the line into the hand, or from there to the disk, is counted twice for a moment, and never not at all.
            int waiting = _line.Reader.Count;
            waiting += _inHand;
            AuditLogState state = _state;
            return state with { Waiting = waiting, Lost = _lost.Ever, Writing = Writing, Fault = state.Fault ?? _hangs };
        }
    }

    private TimeSpan Writing => Interlocked.Read(ref _writingSince) is var since and not 0 ? _options.Clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The public key of the log.</summary>
    public NoteKey Key => _writer.Key;

    /// <summary>How many bytes of no whole record the end of the log had: a process was killed, or the power went, while it wrote them.</summary>
    public long CutAtStart => _writer.Cut;

    /// <summary>How many records the log had that no signed checkpoint covered: a process that is killed leaves those of its last second or so.</summary>
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

    /// <summary>Whether what happens now can be recorded, or need not be.</summary>
    /// <exception cref="AuditLogException">It cannot, and must be.</exception>
    public void Demand()
    {
        // What a broken writer sheds would never be said.
        if (_broken is { } broken)
            throw new AuditLogException(broken);
        if (_options.WhenUnwritable == UnwritableLog.Stops && (_state.Fault ?? _hangs) is { } fault)
            throw new AuditLogException($"the audit log cannot be written: {fault}");
    }

    /// <summary>Records. It comes back when the record is kept, which <see cref="AuditDurability"/> says; where the line is full it waits, or sheds.</summary>
    /// <exception cref="AuditLogException">The log cannot be written, and nothing may happen that is not recorded; or the record cannot be made.</exception>
    public ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Demand();
        // While the disk hangs, what may be missing is put in line, and nobody waits for it.
        if (_options.Durability == AuditDurability.Durable && _hangs is null)
            entry.Kept = NewSignal();
        if (_line.Writer.TryWrite(entry))
            return entry.Kept is null ? ValueTask.CompletedTask : new ValueTask(KeptAsync(entry, cancellation));
        if (_options.WhenUnwritable == UnwritableLog.Sheds && _broken is null)
        {
            Shed([entry]);
            return ValueTask.CompletedTask;
        }
        return new ValueTask(WaitAsync(entry, cancellation));
    }

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
            Shed([entry]);
    }

    /// <summary>Removes the entries of whole bundles before a record from the disk, with the next checkpoint; their hashes stay. A record of it must be on disk before.</summary>
    public void RemoveBefore(long number) => Interlocked.Exchange(ref _removeBefore, number);

    /// <summary>Writes what is in line, signs a checkpoint over all, and closes the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        if (Interlocked.Increment(ref _disposals) > 1)
            return;
        _line.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
        _writer.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WaitAsync(AuditEntry entry, CancellationToken cancellation)
    {
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await UnlessItHangsAsync(_line.Writer.WriteAsync(entry, leaves.Token).AsTask(), cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new AuditLogException(_broken ?? "the audit log is closed");
        }
        catch (TimeoutException)
        {
            await leaves.CancelAsync().ConfigureAwait(false);
            throw new AuditLogException($"the audit log cannot be written: {_hangs}");
        }
        if (entry.Kept is not null)
            await KeptAsync(entry, cancellation).ConfigureAwait(false);
    }

    private async Task KeptAsync(AuditEntry entry, CancellationToken cancellation)
    {
        try
        {
            await UnlessItHangsAsync(entry.Kept!.Task, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is in line, and comes to the disk or is counted as missing.
            if (_options.WhenUnwritable != UnwritableLog.Sheds || entry.MustBeOnDisk)
                throw new AuditLogException($"the audit log cannot be written: {_hangs}");
        }
    }

    /// <summary>Waits for what the writer does, however long the line is, but not for a disk that hangs.</summary>
    /// <exception cref="TimeoutException">The disk hangs.</exception>
    private async Task UnlessItHangsAsync(Task done, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await done.WaitAsync(LongestWrite, _options.Clock, cancellation).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (_hangs is null)
            {
                // It writes, and comes to this.
            }
        }
    }

    private async Task WriteAsync()
    {
        List<AuditEntry> batch = [];
        try
        {
            while (true)
            {
                bool isEnding = !await MoreAsync(isRetry: batch.Count > 0).ConfigureAwait(false);
                TakeInHand(batch);
                string? fault = await WriteAsync(batch, isEnding).ConfigureAwait(false);
                _inHand = batch.Count;
                Told(fault);
                // What was promised to be kept is tried again, and the line with it waits; at the end once more and no longer.
                if (isEnding)
                    break;
                if (fault is not null)
                    await Task.Delay(RetryAfter, _options.Clock).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            // The edge of the log's task. Nobody knows what is half done: it must not go on, and nothing may happen that would be recorded.
            Break(fault, batch);
        }
        Refuse(batch);
    }

    private void TakeInHand(List<AuditEntry> batch)
    {
        while (batch.Count < LargestBatch)
        {
            // Before it leaves the line.
            _inHand = batch.Count + 1;
            if (!_line.Reader.TryRead(out AuditEntry? entry))
                break;
            batch.Add(entry);
        }
        _inHand = batch.Count;
    }

    /// <summary>Writes what there is, and says why it could not. While the disk hangs it says so, and waits on: nothing tells whether what hangs will still be written.</summary>
    private async Task<string?> WriteAsync(List<AuditEntry> batch, bool isEnding)
    {
        Interlocked.Exchange(ref _writingSince, _options.Clock.GetTimestamp());
        try
        {
            Task<string?> writing = Task.Run(() => Write(batch, isEnding));
            if (!writing.IsCompleted && await Task.WhenAny(writing, Task.Delay(LongestWrite, _options.Clock)).ConfigureAwait(false) != writing)
            {
                _hangs = $"the disk has not answered for {LongestWrite.TotalSeconds:0} seconds";
                if (_state.Fault is null)
                    _options.Told?.Invoke(_hangs);
            }
            return await writing.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Exchange(ref _writingSince, 0);
        }
    }

    private void Break(Exception fault, List<AuditEntry> batch)
    {
        _broken = $"the audit log cannot be written until the decision point is started again: {fault.Message}";
        _state = _state with { Fault = _broken };
        _line.Writer.TryComplete();
        while (_line.Reader.TryRead(out AuditEntry? entry))
            batch.Add(entry);
        try
        {
            _options.Told?.Invoke(_broken);
        }
        catch (Exception deaf) when (deaf is not OutOfMemoryException)
        {
            // What failed may be whoever is told; the state says it too.
        }
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
        LostRecords? owed = _lost.Owed;
        if (batch.Count == 0 && owed is null)
            return;
        MadeRecords made = _maker.Make(_writer.Size, owed, batch);
        _writer.Commit(made.Records);
        // Before anybody is told: whoever goes on then sees a log that has its record.
        _state = _state with { Size = _writer.Size };
        _inHand = 0;
        if (owed is not null)
            _lost.Said(owed);
        foreach (AuditEntry entry in batch.Where(entry => !made.Unmade.Contains(entry)))
            entry.Kept?.TrySetResult();
        batch.Clear();
        if (made.Lost is not { } unmade)
            return;
        _lost.Count(unmade);
        Miss(made.Unmade);
        _options.Unmade?.Invoke(unmade.Count, made.Fault!);
    }

    private void Shed(List<AuditEntry> entries)
    {
        if (entries.Count == 0)
            return;
        _lost.Owe(LostRecords.Of(entries));
        Miss(entries);
    }

    /// <summary>These are counted as missing, which is enough where the log may shed.</summary>
    private void Miss(IReadOnlyCollection<AuditEntry> entries)
    {
        foreach (AuditEntry entry in entries)
        {
            if (_options.WhenUnwritable == UnwritableLog.Sheds && !entry.MustBeOnDisk)
                entry.Kept?.TrySetResult();
            else
                entry.Kept?.TrySetException(new AuditLogException("the record could not be written, and is counted as missing"));
        }
    }

    /// <summary>Whoever waits for these to be kept waits no longer. They are still tried again: what happened is recorded, whether or not its answer went out.</summary>
    private static void Refuse(List<AuditEntry> entries)
    {
        foreach (AuditEntry entry in entries)
            entry.Kept?.TrySetException(new AuditLogException("the audit log cannot be written"));
    }

    private void Told(string? fault)
    {
        bool isNews = fault is null != (_state.Fault ?? _hangs) is null;
        _state = new AuditLogState(_writer.Size, _writer.Published.Size, 0, 0, fault);
        _hangs = null;
        if (isNews)
            _options.Told?.Invoke(fault);
    }
}
