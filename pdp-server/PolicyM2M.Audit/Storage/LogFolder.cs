using System.Globalization;
using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>The files of a log: the checkpoint, tiles of hashes and bundles of entries as C2SP tlog-tiles has them, and the journal from which the last of these can be made again.</summary>
internal sealed class LogFolder(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private string? _lastFolder;

    public string Path { get; } = path;

    /// <summary>The note that says how many records there are, and their root.</summary>
    public string Checkpoint => At("checkpoint");

    /// <summary>The line of the public key, for who reads the folder; whoever could change the log could change it too.</summary>
    public string Key => At("key");

    public string JournalFolder => At("journal");

    /// <summary>The path of something in it.</summary>
    public string At(string relative) => System.IO.Path.Combine(Path, relative);

    /// <summary>The journals, that of the earliest record first.</summary>
    public IReadOnlyList<(long From, string Path)> Journals() => !Directory.Exists(JournalFolder) ? [] :
    [
        .. Directory.EnumerateFiles(JournalFolder)
            .Select(file => (IsOne: long.TryParse(System.IO.Path.GetFileName(file), NumberStyles.None, CultureInfo.InvariantCulture, out long from), From: from, Path: file))
            .Where(file => file.IsOne).Select(file => (file.From, file.Path)).OrderBy(file => file.From),
    ];

    public string Journal(long from) => System.IO.Path.Combine(JournalFolder, from.ToString("D19", CultureInfo.InvariantCulture));

    /// <summary>Makes the folders, for their owner only.</summary>
    public void Create()
    {
        foreach (string folder in new[] { Path, JournalFolder })
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes a file that can be made again from the journal, over what a write that broke off left there: nobody reads it before a checkpoint speaks of it.</summary>
    public void Write(string relative, ReadOnlySpan<byte> bytes)
    {
        string file = At(relative), folder = System.IO.Path.GetDirectoryName(file)!;
        if (folder != _lastFolder)
            Directory.CreateDirectory(folder);
        _lastFolder = folder;
        using FileStream stream = Open(file, FileMode.Create);
        stream.Write(bytes);
        if (!FolderSync.CanFlushAll)
            stream.Flush(flushToDisk: true);
    }

    /// <summary>Writes a file so that whenever the power goes, the old one or the new one is there, whole.</summary>
    public void Replace(string file, string text)
    {
        string unfinished = $"{file}.tmp";
        using (FileStream stream = Open(unfinished, FileMode.Create))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(unfinished, file, overwrite: true);
        FolderSync.Flush(Path);
    }

    /// <summary>Opens a file that only its owner may read.</summary>
    public static FileStream Open(string file, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(file, options);
    }

    /// <summary>The entries of a bundle; null where there is none.</summary>
    public byte[]? ReadEntries(long index, int width) => ReadWholeOr(TilePath.Entries(index), TilePath.Entries(index, width), width);

    /// <summary>The first hashes of a tile, as many as the width; null where the tile is not there, or holds fewer.</summary>
    public TreeHash[]? ReadHashes(int level, long index, int width)
    {
        if (ReadWholeOr(TilePath.Hashes(level, index), TilePath.Hashes(level, index, width), width) is not { } bytes || bytes.Length < width * TreeHash.Length)
            return null;
        var hashes = new TreeHash[width];
        for (int i = 0; i < width; i++)
            hashes[i] = new TreeHash(bytes.AsSpan(i * TreeHash.Length, TreeHash.Length));
        return hashes;
    }

    /// <summary>A partial file may have gone since the whole one came.</summary>
    private byte[]? ReadWholeOr(string whole, string partial, int width)
    {
        foreach (string file in width == TilePath.Width ? [whole] : new[] { partial, whole })
        {
            try
            {
                return File.ReadAllBytes(At(file));
            }
            catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
            {
                // The other, then.
            }
        }
        return null;
    }
}
