using System.Security.Cryptography;

namespace PolicyM2M.Engine.Bundles;

/// <summary>
/// The SHA-256 of a bundle's content in its header: bytes that a disk or a wire changed are told as such before anything is read of them. It is no signature,
/// since whoever writes a bundle writes its seal; what the reader checks beyond it is what keeps a forged one harmless.
/// </summary>
internal static class BundleSeal
{
    /// <summary>Where the seal begins: behind magic and format version.</summary>
    public const int Start = sizeof(uint) + sizeof(ushort);

    /// <summary>Where the content begins, which is what is sealed.</summary>
    public const int End = Start + SHA256.HashSizeInBytes;

    /// <summary>Writes the seal of a whole bundle into its header.</summary>
    public static void Put(Span<byte> bundle) => SHA256.HashData(bundle[End..], bundle[Start..End]);

    /// <summary>Whether a bundle's content is the one that was sealed; the bundle reaches to <see cref="End"/> at least.</summary>
    public static bool Holds(ReadOnlySpan<byte> bundle) => SHA256.HashData(bundle[End..]).AsSpan().SequenceEqual(bundle[Start..End]);
}
