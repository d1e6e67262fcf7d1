using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PolicyM2M.Engine.Contexts;

/// <summary>
/// Finds a text's place among known ones: open addressing in four times the room, by whichever of a few factors brings the texts nearest to their places. The texts are those of the
/// policies, so that nobody who only sends contexts can make the search long; and the hash need not be secret, only fast on short texts. Mostly a text's ends tell it apart, and then no more
/// of it is hashed; up to eight code units the ends are all of it, and the known text itself need not be touched.
/// </summary>
internal sealed class TextCodes
{
    private const ulong Factor = 0x9E3779B97F4A7C15;
    private const ulong OtherFactor = 0xC2B2AE3D27D4EB4F;

    /// <summary>How far from its place a text may lie by its ends alone; beyond it all of each text is hashed.</summary>
    private const int FarAway = 4;

    /// <summary>How many factors are tried. Among few texts one of them mostly keeps all apart, so that no search goes on and no branch is guessed wrongly.</summary>
    private const int Trials = 8;

    private readonly Entry[] _entries;
    private readonly int _shift;
    private readonly ulong _factor;
    private readonly bool _areEndsEnough;

    public TextCodes(ImmutableArray<string> texts)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, texts.Length * 4));
        _shift = 64 - BitOperations.Log2((uint)size);
        _entries = new Entry[size];
        _areEndsEnough = true;
        (long Away, ulong Factor) nearest = (long.MaxValue, Factor);
        for (ulong trial = 0; trial < Trials && nearest.Away > 0; trial++)
        {
            _factor = Factor + (trial << 1);
            if (Fill(texts, FarAway) is { } away && away < nearest.Away)
                nearest = (away, _factor);
        }
        if (nearest.Away == 0)
            return;
        _factor = nearest.Factor;
        _areEndsEnough = nearest.Away < long.MaxValue;
        Fill(texts, int.MaxValue);
    }

    /// <summary>The text's place among the known ones, or <see cref="AttributeCoding.OtherText"/>.</summary>
    public long CodeOf(string text)
    {
        Entry[] entries = _entries;
        var ends = Ends.Of(text);
        ulong hash = ends.Hash(_factor);
        if (!_areEndsEnough)
            hash = HashOfAll(hash, text);
        for (int at = (int)(hash >> _shift); ; at++)
        {
            if (at >= entries.Length)
                at = 0;
            ref readonly Entry entry = ref entries[at];
            if (entry.Text is null)
                return AttributeCoding.OtherText;
            if (entry.First == ends.First && entry.Last == ends.Last && entry.Length == text.Length && (text.Length <= 2 * Ends.Block || string.Equals(entry.Text, text)))
                return entry.Code;
        }
    }

    /// <summary>Places the texts; how far from their places they lie, all together. Null, and not all are placed, where one would lie too far away.</summary>
    private long? Fill(ImmutableArray<string> texts, int mostAway)
    {
        Array.Clear(_entries);
        long all = 0;
        for (int code = 0; code < texts.Length; code++)
        {
            string text = texts[code];
            var ends = Ends.Of(text);
            ulong hash = ends.Hash(_factor);
            int start = (int)((_areEndsEnough ? hash : HashOfAll(hash, text)) >> _shift), away = 0;
            while (_entries[(start + away) % _entries.Length].Text is { } other && other != text)
                away++;
            if (away > mostAway)
                return null;
            _entries[(start + away) % _entries.Length] = new Entry(ends.First, ends.Last, text, text.Length, code);
            all += away;
        }
        return all;
    }

    /// <summary>Goes on from the hash of the ends.</summary>
    private static ulong HashOfAll(ulong hash, string text)
    {
        for (int i = Ends.Block; i < text.Length - Ends.Block; i += Ends.Block)
            hash = BitOperations.RotateLeft((hash ^ Ends.BlockAt(text, i)) * OtherFactor, 29);
        return hash * Factor;
    }

    private readonly record struct Entry(ulong First, ulong Last, string? Text, int Length, int Code);

    /// <summary>The first and the last four code units of a text, which may overlap: up to eight units that is all of it.</summary>
    private readonly record struct Ends(ulong First, ulong Last)
    {
        public const int Block = 4;

        /// <summary>A product carries upwards only: it is its highest bits that all of the text has a part in.</summary>
        public ulong Hash(ulong factor) => ((First * OtherFactor) ^ Last) * factor;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Ends Of(string text) =>
            text.Length >= Block ? new Ends(BlockAt(text, 0), BlockAt(text, text.Length - Block)) : new Ends(Few(text), 0);

        /// <summary>Four code units as one number; there must be so many.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong BlockAt(string text, int at) =>
            Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref Unsafe.Add(ref MemoryMarshal.GetReference(text.AsSpan()), at)));

        private static ulong Few(string text)
        {
            ulong all = 0;
            foreach (char unit in text)
                all = all << 16 | unit;
            return all;
        }
    }
}
