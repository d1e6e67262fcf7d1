using System.Numerics;

namespace PolicyM2M.Engine.Trees;

/// <summary>The hash of a key of numbers, word by word: whoever comes by the words one after the other, waiting for memory between them, has it at the end for nothing.</summary>
internal static class RunningHash
{
    private const ulong Factor = 0x9E3779B97F4A7C15;

    /// <summary>The hash of the words so far, which is 0 at first, and of one more.</summary>
    public static ulong With(ulong hash, long word) => BitOperations.RotateLeft((hash ^ (ulong)word) * Factor, 31);

    /// <summary>The hash of the whole key.</summary>
    public static ulong Of(ulong hash, int length) => (hash ^ (ulong)length) * Factor;
}
