namespace PolicyM2M.Audit.Storage;

/// <summary>
/// The file to which records are appended before anything else is made of them, as a <see cref="RecordBatch"/> has them. A commit is one write and one flush. What a commit that broke off left behind is cut off; it
/// was never acknowledged. It belongs to one writer.
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>A longer one cannot be read at a start. One is begun anew long before, while its tiles can be written.</summary>
    public const long Longest = int.MaxValue - 64;

    private readonly FileStream _file;

    private Journal(FileStream file, long from)
    {
        _file = file;
        From = from;
    }

    /// <summary>The number of its first record.</summary>
    public long From { get; }

    /// <summary>How long it is, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Begins a journal with these records, and flushes it. One that it takes the place of is there until then.</summary>
    public static Journal Create(LogFolder folder, long from, RecordBatch records)
    {
        string path = folder.Journal(from), unfinished = $"{path}.tmp";
        FileStream file = LogFolder.Open(unfinished, FileMode.Create);
        var journal = new Journal(file, from);
        try
        {
            journal.Commit(records);
            File.Move(unfinished, path, overwrite: true);
            FolderSync.Flush(folder.JournalFolder);
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a journal that was read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="from">The number of its first record.</param>
    /// <param name="bytes">What it holds.</param>
    /// <param name="whole">Where its last whole record ends. What follows is kept beside the file, and cut off.</param>
    public static Journal Open(string path, long from, byte[] bytes, int whole)
    {
        FileStream file = LogFolder.Open(path, FileMode.OpenOrCreate);
        if (bytes.Length > whole)
        {
            using (FileStream kept = LogFolder.Open($"{path}.cut", FileMode.Create))
            {
                kept.Write(bytes.AsSpan(whole));
                kept.Flush(flushToDisk: true);
            }
            file.SetLength(whole);
            file.Flush(flushToDisk: true);
        }
        return new Journal(file, from) { Length = whole };
    }

    /// <summary>Appends records, and comes back when they are on disk. Where that fails the journal is as before.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void Commit(RecordBatch records)
    {
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, records.Bytes, Length);
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
        }
        catch (IOException)
        {
            // What stands there already counts for nothing, but it would be in the way of a reader.
            TryCut();
            throw;
        }
        Length += records.Bytes.Length;
    }

    public void Dispose() => _file.Dispose();

    private void TryCut()
    {
        try
        {
            RandomAccess.SetLength(_file.SafeFileHandle, Length);
        }
        catch (IOException)
        {
            // The next commit writes over it.
        }
    }
}
