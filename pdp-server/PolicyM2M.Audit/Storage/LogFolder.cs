using System.Globalization;
using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>The files of a log: the checkpoint, tiles of hashes and bundles of entries as C2SP tlog-tiles has them, and the journal from which the last of these can be made again.</summary>
internal sealed class LogFolder(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>More than a checkpoint or a key ever has.</summary>
    public const int LongestText = 1 << 20;

    private string? _lastFolder;

    public string Path { get; } = path;

    /// <summary>The note that says how many records there are, and their root.</summary>
    public string Checkpoint => At("checkpoint");

    /// <summary>The next checkpoint while tiles are written for it: it is signed before they are, so that whole tiles that no checkpoint covers are nothing that this writer left.</summary>
    public string Announced => At("checkpoint.next");

    /// <summary>The line of the public key, for who reads the folder; whoever could change the log could change it too.</summary>
    public string Key => At("key");

    public string JournalFolder => At("journal");

    /// <summary>The path of something in it.</summary>
    public string At(string relative) => System.IO.Path.Combine(Path, relative);

    /// <summary>The path of a file from here on.</summary>
    public string Relative(string file) => System.IO.Path.GetRelativePath(Path, file);

    /// <summary>Whether there is a whole bundle of entries with this number, or its tile of hashes.</summary>
    public bool HasWholeTile(long bundle) => File.Exists(At(TilePath.Entries(bundle))) || File.Exists(At(TilePath.Hashes(0, bundle)));

    /// <summary>The journals, that of the earliest record first.</summary>
    public IReadOnlyList<(long From, string Path)> Journals() => !Directory.Exists(JournalFolder) ? [] :
    [
        .. Directory.EnumerateFileSystemEntries(JournalFolder)
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
        using FileStream stream = Anew(file);
        stream.Write(bytes);
        if (!FolderSync.CanFlushAll)
            stream.Flush(flushToDisk: true);
    }

    /// <summary>Writes a file so that whenever the power goes, the old one or the new one is there, whole.</summary>
    public void Replace(string file, string text)
    {
        string unfinished = $"{file}.tmp";
        using (FileStream stream = Anew(unfinished))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(unfinished, file, overwrite: true);
        FolderSync.Flush(Path);
    }

    /// <summary>Makes the announced checkpoint the one that counts.</summary>
    public void Publish()
    {
        File.Move(Announced, Checkpoint, overwrite: true);
        FolderSync.Flush(Path);
    }

    /// <summary>Keeps a copy of a file under a name, or, where there is such a file already, under that name and a number.</summary>
    /// <returns>Where it is kept.</returns>
    public static string KeepAside(string file, string aside)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(aside)!);
        string name = aside;
        for (int i = 2; File.Exists(name); i++)
            name = string.Create(CultureInfo.InvariantCulture, $"{aside}.{i}");
        using (FileStream copy = Open(name, FileMode.CreateNew))
        {
            copy.Write(File.ReadAllBytes(file));
            copy.Flush(flushToDisk: true);
        }
        FolderSync.Flush(System.IO.Path.GetDirectoryName(name)!);
        return name;
    }

    /// <summary>
    /// Opens a file that is mostly not there yet. Where .NET is told that it may be, it cuts it to nothing, after which ext4 writes it out at once when it is closed: a tenth of all that this log
    /// costs.
    /// </summary>
    private static FileStream Anew(string file)
    {
        try
        {
            return Open(file, FileMode.CreateNew);
        }
        catch (IOException) when (File.Exists(file))
        {
            return Open(file, FileMode.Create);
        }
    }

    /// <summary>Opens a file that only its owner may read.</summary>
    public static FileStream Open(string file, FileMode mode, FileShare share = FileShare.Read)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(file, options);
    }

    /// <summary>What a note or the line of a key holds.</summary>
    /// <inheritdoc cref="OrdinaryFile.Read"/>
    public static string ReadText(string file) => OrdinaryFile.ReadText(file, LongestText);

    /// <summary>A bundle of entries; null where there is none.</summary>
    /// <exception cref="FileRefusedException">It is no file that could be one.</exception>
    public TileFile? ReadEntries(long index, int width) => ReadWholeOr(TilePath.Entries(index), TilePath.Entries(index, width), width, EntryBundle.LongestBundle);

    /// <summary>The first hashes of a tile, as many as the width; null where the tile is not there, or holds fewer.</summary>
    /// <exception cref="FileRefusedException">It is no file that could be one.</exception>
    public TreeHash[]? ReadHashes(int level, long index, int width) => FindHashes(level, index, width)?.Hashes(width);

    /// <summary>The tile itself; null where there is none.</summary>
    /// <exception cref="FileRefusedException">It is no file that could be one.</exception>
    public TileFile? FindHashes(int level, long index, int width) => ReadWholeOr(TilePath.Hashes(level, index), TilePath.Hashes(level, index, width), width, TilePath.Width * TreeHash.Length);

    /// <summary>The partial forms of a tile or a bundle that are there, and how many hashes or entries the name of each says it has.</summary>
    /// <param name="whole">The path of the whole one.</param>
    public IReadOnlyList<(string File, int Width)> PartialsOf(string whole)
    {
        string folder = TilePath.PartialsOf(whole);
        string[] names = Directory.Exists(At(folder)) ? [.. new DirectoryInfo(At(folder)).EnumerateFiles().Select(file => file.Name)] : [];
        return [.. names.Select(name => ($"{folder}/{name}", int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int width) ? width : 0)).OrderBy(partial => partial.Item2)];
    }

    /// <summary>A partial file goes as the log grows: a wider one begins with the same, and so does the whole one. Any of them may go, for a wider one, while it is looked for.</summary>
    private TileFile? ReadWholeOr(string whole, string partial, int width, int most)
    {
        const int Looks = 3;
        for (int look = 0; look < (width == TilePath.Width ? 1 : Looks); look++)
        {
            foreach (string file in width == TilePath.Width ? [whole] : PartialsOf(whole).Where(other => other.Width > width).Select(other => other.File).Prepend(partial).Append(whole))
            {
                try
                {
                    return new TileFile(file, OrdinaryFile.Read(At(file), most));
                }
                catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
                {
                    // The next, then.
                }
            }
        }
        return null;
    }
}
