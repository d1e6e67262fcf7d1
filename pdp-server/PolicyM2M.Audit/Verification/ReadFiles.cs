using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>The files of a log for whoever looks it through: one that can be no such file, being a pipe or far too large, is told once, and counts as missing.</summary>
internal sealed class ReadFiles(LogFolder folder, Findings findings)
{
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);

    /// <summary>A tile of hashes, in whichever of its forms is there.</summary>
    public TileFile? Hashes(int level, long index, int width) => OrNone(() => folder.FindHashes(level, index, width));

    /// <summary>A bundle of entries, in whichever of its forms is there.</summary>
    public TileFile? Entries(long index, int width) => OrNone(() => folder.ReadEntries(index, width));

    /// <summary>Any file of the log; null where it is not there.</summary>
    public byte[]? File(string path, long most) => OrNone(() =>
    {
        try
        {
            return OrdinaryFile.Read(path, most);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    });

    /// <summary>Whether a tile or a bundle is there as something that can be none, so that to call it missing would say less.</summary>
    public bool IsRefused(string whole) => _refused.Any(file => file == whole || file.StartsWith($"{TilePath.PartialsOf(whole)}/", StringComparison.Ordinal));

    /// <summary>Whether the bundles of entries hold this record in this place.</summary>
    public bool HasEntry(long number, TreeHash leaf) =>
        Entries(number / TilePath.Width, (int)(number % TilePath.Width) + 1) is { } bundle
        && EntryBundle.Read(bundle.Bytes, out _) is var entries && number % TilePath.Width < entries.Count && TreeHash.OfLeaf(entries[(int)(number % TilePath.Width)].Span) == leaf;

    private T? OrNone<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (FileRefusedException refused)
        {
            string file = folder.Relative(refused.Path);
            if (_refused.Add(file))
                findings.Add(null, file, refused.Reason);
            return null;
        }
    }
}
