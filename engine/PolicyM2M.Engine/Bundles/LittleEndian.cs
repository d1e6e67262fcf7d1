using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PolicyM2M.Engine.Bundles;

/// <summary>Arrays of numbers, and of records of 32-bit numbers, as bytes: at once where the machine is little-endian, as all that .NET supports today but one are.</summary>
internal static class LittleEndian
{
    public static byte[] Bytes<T>(ReadOnlySpan<T> items)
        where T : unmanaged
    {
        byte[] bytes = MemoryMarshal.AsBytes(items).ToArray();
        Turn<T>(bytes);
        return bytes;
    }

    public static ImmutableArray<T> Read<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged
    {
        var items = new T[bytes.Length / Unsafe.SizeOf<T>()];
        Span<byte> target = MemoryMarshal.AsBytes(items.AsSpan());
        bytes.CopyTo(target);
        Turn<T>(target);
        return ImmutableCollectionsMarshal.AsImmutableArray(items);
    }

    private static void Turn<T>(Span<byte> bytes)
        where T : unmanaged
    {
        if (BitConverter.IsLittleEndian)
            return;
        int size = typeof(T) == typeof(long) || typeof(T) == typeof(ulong) ? sizeof(long) : sizeof(int);
        for (int at = 0; at < bytes.Length; at += size)
            bytes.Slice(at, size).Reverse();
    }
}
