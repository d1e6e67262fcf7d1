using System.Numerics;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// Remembers what was worked out before, by a key of numbers. Its size is fixed: a key has four places, and a newcomer that finds them taken pushes another out, so that
/// nobody who sends ever new keys can fill the memory. Reading takes no lock and allocates nothing. Safe for all threads.
/// </summary>
internal sealed class DirectCache<TValue>
    where TValue : class
{
    private const int Ways = 4, SetBits = 12;

    private Entry?[]? _entries;

    /// <summary>What is known of a key; null where nothing is.</summary>
    public TValue? Find(ReadOnlySpan<long> key, ulong hash)
    {
        foreach (Entry? entry in SetOf(hash))
        {
            if (entry is not null && entry.Hash == hash && key.SequenceEqual(entry.Key))
                return entry.Value;
        }
        return null;
    }

    /// <summary>Remembers it; the key is copied.</summary>
    public void Keep(ReadOnlySpan<long> key, ulong hash, TValue value)
    {
        Span<Entry?> set = SetOf(hash);
        int place = 0;
        while (place < Ways - 1 && set[place] is not null)
            place++;
        // The oldest goes: the others move up, and a reader that looks on meanwhile at worst finds nothing.
        if (set[place] is not null)
            set[1..].CopyTo(set);
        set[place] = new Entry(hash, key.ToArray(), value);
    }

    public static ulong Hash(ReadOnlySpan<long> key)
    {
        const ulong Factor = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)key.Length;
        foreach (long word in key)
            hash = BitOperations.RotateLeft((hash ^ (ulong)word) * Factor, 31);
        return hash * Factor;
    }

    /// <summary>Made when first needed: most sets never remember anything here.</summary>
    private Span<Entry?> SetOf(ulong hash)
    {
        Entry?[] entries = _entries ?? Interlocked.CompareExchange(ref _entries, new Entry?[Ways << SetBits], null) ?? _entries;
        return entries.AsSpan((int)(hash >> (64 - SetBits)) * Ways, Ways);
    }

    private sealed record Entry(ulong Hash, long[] Key, TValue Value);
}
