using System.Buffers;
using System.Buffers.Binary;

namespace PolicyM2M.Audit.Storage;

/// <summary>Consecutive entries in one file: each with its length before it, in two bytes (C2SP tlog-tiles).</summary>
internal static class EntryBundle
{
    /// <summary>The longest that an entry can be.</summary>
    public const int LongestEntry = ushort.MaxValue;

    private const int LengthSize = sizeof(ushort);

    /// <summary>The longest that a bundle can be.</summary>
    public const int LongestBundle = TilePath.Width * (LengthSize + LongestEntry);

    public static byte[] Write(IEnumerable<byte[]> entries)
    {
        var bundle = new GrowingBuffer(LongestBundle);
        foreach (byte[] entry in entries)
            Add(bundle, entry);
        return bundle.Written.ToArray();
    }

    /// <summary>Writes an entry after those that the buffer holds.</summary>
    public static void Add(GrowingBuffer bundle, ReadOnlySpan<byte> entry)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bundle.GetSpan(LengthSize), checked((ushort)entry.Length));
        bundle.Advance(LengthSize);
        bundle.Write(entry);
    }

    /// <summary>The entries of a bundle, up to where it no longer is one.</summary>
    /// <param name="bundle">The bundle's bytes.</param>
    /// <param name="isWhole">Whether it ends with its last entry.</param>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> bundle, out bool isWhole)
    {
        List<ReadOnlyMemory<byte>> entries = [];
        while (bundle.Length >= LengthSize && BinaryPrimitives.ReadUInt16BigEndian(bundle.Span) is var length && bundle.Length >= LengthSize + length)
        {
            entries.Add(bundle.Slice(LengthSize, length));
            bundle = bundle[(LengthSize + length)..];
        }
        isWhole = bundle.IsEmpty;
        return entries;
    }
}
