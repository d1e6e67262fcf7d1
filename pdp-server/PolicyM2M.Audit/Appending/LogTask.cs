using System.Threading.Channels;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Appending;

/// <summary>
/// The one task that writes a log: takes what is in line, many records with one flush of the disk, and signs a checkpoint over them now and then. Whoever waits for a record is told here what became of it.
/// It closes the log's files when it ends.
/// </summary>
internal sealed class LogTask
{
    private const int LargestBatch = 8_192;

    /// <summary>How long buffered records may wait for others, so that one flush serves many.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly AuditLogOptions _options;
    private readonly LogWriter _writer;
    private readonly Channel<AuditEntry> _line;
    private readonly DiskPatience _disk;
    private readonly RecordMaker _maker;
    private readonly LossCount _lost = new();
    private volatile AuditLogState _state;
    private volatile int _inHand;
    private volatile string? _broken;
    private volatile bool _isClosing;
    private long _publishedAt;
    private long _removeBefore;
    private long _coveredBefore;
    private bool _isRemoving;
    private string? _notRemoved;
    private Task<bool>? _more;

    /// <summary>Begins it.</summary>
    public LogTask(AuditLogOptions options, LogWriter writer, Channel<AuditEntry> line, DiskPatience disk)
    {
        (_options, _writer, _line, _disk) = (options, writer, line, disk);
        _maker = new RecordMaker(options.Lost);
        _publishedAt = options.Clock.GetTimestamp();
        _state = new AuditLogState(_writer.Size, _writer.Published.Size, 0, 0, null);
        Ended = Task.Run(RunAsync);
    }

    /// <summary>Completed once all is written that can be, and the files are closed.</summary>
    public Task Ended { get; }

    /// <summary>How the log stands.</summary>
    public AuditLogState State
    {
        get
        {
            // In this order: a record that goes from the line into the hand, or from there to the disk, is counted twice for a moment, and never not at all.
            int waiting = _line.Reader.Count;
            waiting += _inHand;
            AuditLogState state = _state;
            return state with { Waiting = waiting, Lost = _lost.Ever, Writing = _disk.Writing, Fault = state.Fault ?? _disk.Hangs };
        }
    }

    /// <summary>Why the log cannot be written; null where it can.</summary>
    public string? Fault => _state.Fault ?? _disk.Hangs;

    /// <summary>Why it cannot be written until the next start; null where that is not so.</summary>
    public string? Broken => _broken;

    /// <summary>Writes what is in line, and ends.</summary>
    public void Close()
    {
        _isClosing = true;
        _line.Writer.TryComplete();
    }

    /// <summary>Removes the entries of whole bundles before a record from the disk, with the next checkpoint.</summary>
    public void RemoveBefore(long number) => Interlocked.Exchange(ref _removeBefore, number);

    /// <summary>These are not written, and counted as missing.</summary>
    public void Shed(List<AuditEntry> entries)
    {
        if (entries.Count == 0)
            return;
        _lost.Owe(LostRecords.Of(entries));
        Miss(entries);
    }

    private async Task RunAsync()
    {
        List<AuditEntry> batch = [];
        try
        {
            using var thread = new DiskThread();
            while (true)
            {
                bool isEnding = !await MoreAsync(isRetry: batch.Count > 0).ConfigureAwait(false);
                TakeInHand(batch);
                string? fault = await _disk.WatchAsync(() => thread.RunAsync(() => Write(batch, isEnding)), TellHanging).ConfigureAwait(false);
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
        _writer.Dispose();
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

    /// <summary>Waits for an entry, or until a checkpoint is due. False once there will be no more.</summary>
    private async Task<bool> MoreAsync(bool isRetry)
    {
        if (isRetry)
            return !_line.Reader.Completion.IsCompleted;
        _more ??= _line.Reader.WaitToReadAsync().AsTask();
        if ((_writer.Size > _writer.Published.Size || _isRemoving) && _options.CheckpointEvery - _options.Clock.GetElapsedTime(_publishedAt) is var due)
        {
            if (due > TimeSpan.Zero && !_more.IsCompleted)
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
                // The record that says what goes must be under a checkpoint before it goes, or a copy of that moment would look as though somebody else had removed it.
                long before = Interlocked.Read(ref _removeBefore);
                if (isEnding || _writer.Size > _writer.Published.Size)
                    _writer.Publish(mayWait: !isEnding && before == _coveredBefore);
                _coveredBefore = before;
                _isRemoving = Remove(before);
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

    /// <summary>Removes old entries. That they stay keeps nothing from being recorded: it is told, and tried again.</summary>
    /// <returns>Whether there is more to remove, with the next checkpoint, also though nothing more is recorded.</returns>
    private bool Remove(long before)
    {
        string? told = _notRemoved;
        bool isMore = true;
        try
        {
            isMore = _writer.Remove(before, _options.MostRemovedAtOnce);
            _notRemoved = null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _notRemoved = fault.Message;
        }
        if (_notRemoved is null != told is null)
            _options.ToldOfRemoval?.Invoke(_notRemoved);
        return isMore;
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
        foreach (AuditEntry entry in batch)
        {
            if (entry.Kept is { } kept && !made.Unmade.Contains(entry))
                kept.TrySetResult();
        }
        batch.Clear();
        if (made.Lost is not { } unmade)
            return;
        _lost.Count(unmade);
        Miss(made.Unmade);
        _options.Unmade?.Invoke(unmade.Count, made.Fault!);
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

    private void TellHanging(string hangs)
    {
        if (_state.Fault is null)
            _options.Told?.Invoke(hangs);
    }

    private void Told(string? fault)
    {
        bool isNews = fault is null != Fault is null;
        _state = new AuditLogState(_writer.Size, _writer.Published.Size, 0, 0, fault) { NotRemoved = _notRemoved };
        _disk.Forget();
        if (isNews)
            _options.Told?.Invoke(fault);
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
}
