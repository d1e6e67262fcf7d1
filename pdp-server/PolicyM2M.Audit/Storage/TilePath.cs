using System.Globalization;

namespace PolicyM2M.Audit.Storage;

/// <summary>Where tiles of hashes and bundles of entries lie in a log's folder (C2SP tlog-tiles).</summary>
internal static class TilePath
{
    /// <summary>How many hashes a whole tile has, and how many entries a whole bundle.</summary>
    public const int Width = 256;

    /// <summary>The levels of the tree that one level of tiles spans: 2^8 is <see cref="Width"/>.</summary>
    public const int Height = 8;

    /// <summary>The folder of the bundles of entries.</summary>
    public const string EntriesFolder = "tile/entries";

    /// <summary>The path of a tile of hashes; of a partial one where the width is less than whole.</summary>
    public static string Hashes(int level, long index, int width = Width) => string.Create(CultureInfo.InvariantCulture, $"tile/{level}/{Of(index, width)}");

    /// <summary>The path of a bundle of entries.</summary>
    public static string Entries(long index, int width = Width) => $"{EntriesFolder}/{Of(index, width)}";

    /// <summary>The folder that holds the partial forms of a tile or a bundle.</summary>
    public static string PartialsOf(string path) => $"{path}.p";

    private static string Of(long index, int width)
    {
        string path = (index % 1000).ToString("000", CultureInfo.InvariantCulture);
        for (long rest = index / 1000; rest > 0; rest /= 1000)
            path = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:000}/{path}");
        return width == Width ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.p/{width}");
    }
}
