using System.Runtime.CompilerServices;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// Remembers what was worked out before, by a key of numbers. Its size is fixed: a key has four places, and a newcomer that finds them taken pushes another out, so that
/// nobody who sends ever new keys can fill the memory. Reading takes no lock and allocates nothing. Safe for all threads.
/// </summary>
internal sealed class DirectCache<TValue>
    where TValue : class
{
    private const int Ways = 4, SetBits = 12;

    private Place[]? _places;

    /// <summary>What is known of a key; null where nothing is.</summary>
    public TValue? Find(ReadOnlySpan<long> key, ulong hash)
    {
        foreach (ref readonly Place place in SetOf(hash))
        {
            if (place.Hash == hash && place.Entry is { } entry && entry.IsOf(key))
                return entry.Value;
        }
        return null;
    }

    /// <summary>Remembers it; the key is copied.</summary>
    public void Keep(ReadOnlySpan<long> key, ulong hash, TValue value)
    {
        Span<Place> set = SetOf(hash);
        int free = 0;
        while (free < Ways - 1 && set[free].Entry is not null)
            free++;
        // The oldest goes: the others move up, and a reader that looks on meanwhile at worst finds nothing.
        if (set[free].Entry is not null)
            set[1..].CopyTo(set);
        set[free] = new Place { Hash = hash, Entry = new Entry(key, value) };
    }

    public static ulong Hash(ReadOnlySpan<long> key)
    {
        ulong hash = 0;
        foreach (long word in key)
            hash = RunningHash.With(hash, word);
        return RunningHash.Of(hash, key.Length);
    }

    /// <summary>Made when first needed: most sets never remember anything here.</summary>
    private Span<Place> SetOf(ulong hash)
    {
        Place[] places = _places ?? Interlocked.CompareExchange(ref _places, new Place[Ways << SetBits], null) ?? _places;
        return places.AsSpan((int)(hash >> (64 - SetBits)) * Ways, Ways);
    }

    /// <summary>
    /// The hashes lie beside each other, so that those of other keys need not be followed. A reader may see the hash of one key with the entry of another; the entry knows its own key.
    /// </summary>
    private struct Place
    {
        public ulong Hash;
        public Entry? Entry;
    }

    /// <summary>A key and its value. The words of most keys lie in the entry itself: each step elsewhere is a wait for memory.</summary>
    private sealed class Entry
    {
        private readonly int _length;
        private readonly Words _first;
        private readonly long[] _rest;

        public Entry(ReadOnlySpan<long> key, TValue value)
        {
            Value = value;
            _length = key.Length;
            int first = Math.Min(_length, Words.Count);
            key[..first].CopyTo(_first);
            _rest = key[first..].ToArray();
        }

        public TValue Value { get; }

        public bool IsOf(ReadOnlySpan<long> key)
        {
            if (key.Length != _length)
                return false;
            int first = Math.Min(_length, Words.Count);
            return key[..first].SequenceEqual(((ReadOnlySpan<long>)_first)[..first]) && (first == _length || key[first..].SequenceEqual(_rest));
        }
    }

    [InlineArray(Count)]
    private struct Words
    {
        public const int Count = 8;

        private long _word;
    }
}
