using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PolicyM2M.Audit.Merkle;

/// <summary>
/// The SHA-256 hash of a leaf or of an inner node of the log's Merkle tree (RFC 6962, section 2.1). Leaves and nodes are hashed with
/// different first bytes, so that no record can be passed off as a node, nor a node as a record.
/// </summary>
internal readonly record struct TreeHash
{
    /// <summary>How many bytes a hash has.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;
    private const int Half = Length / 2;

    // Two numbers and no array: hashes compare by content, and a tree of many allocates nothing for each.
    private readonly UInt128 _first;
    private readonly UInt128 _second;

    /// <summary>Takes a hash as it was written.</summary>
    /// <exception cref="ArgumentException">There are not exactly <see cref="Length"/> bytes.</exception>
    public TreeHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"expected a hash of {Length} bytes, found {bytes.Length}", nameof(bytes));
        _first = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        _second = BinaryPrimitives.ReadUInt128BigEndian(bytes[Half..]);
    }

    /// <summary>The root of the tree that has no records: the hash of nothing.</summary>
    public static TreeHash OfNothing { get; } = Of([], []);

    /// <summary>The hash of a record.</summary>
    public static TreeHash OfLeaf(ReadOnlySpan<byte> record) => Of([LeafPrefix], record);

    /// <summary>The hash of the node above two others.</summary>
    public static TreeHash OfNode(TreeHash left, TreeHash right)
    {
        Span<byte> both = stackalloc byte[2 * Length];
        left.CopyTo(both);
        right.CopyTo(both[Length..]);
        return Of([NodePrefix], both);
    }

    /// <summary>Writes the bytes of the hash, in the order in which SHA-256 gives them.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt128BigEndian(destination[Half..], _second);
    }

    /// <summary>The bytes of hashes, one after the other.</summary>
    public static byte[] Bytes(IReadOnlyList<TreeHash> hashes)
    {
        byte[] bytes = new byte[hashes.Count * Length];
        for (int i = 0; i < hashes.Count; i++)
            hashes[i].CopyTo(bytes.AsSpan(i * Length));
        return bytes;
    }

    /// <summary>The hash in lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static TreeHash Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> rest)
    {
        Span<byte> result = stackalloc byte[Length];
        Sha256.Hash(first, rest, result);
        return new TreeHash(result);
    }
}
