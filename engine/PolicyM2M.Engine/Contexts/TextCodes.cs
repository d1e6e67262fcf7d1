using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PolicyM2M.Engine.Contexts;

/// <summary>
/// Finds a text's place among known ones: open addressing in twice the room. The texts are those of the policies, so that nobody who only sends contexts
/// can make the search long; and the hash need not be secret, only fast on short texts.
/// </summary>
internal sealed class TextCodes
{
    private readonly string?[] _texts;
    private readonly int[] _codes;
    private readonly int _mask;

    public TextCodes(ImmutableArray<string> texts)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, texts.Length * 2));
        _mask = size - 1;
        _texts = new string?[size];
        _codes = new int[size];
        for (int code = 0; code < texts.Length; code++)
        {
            int at = Hash(texts[code]) & _mask;
            while (_texts[at] is not null && _texts[at] != texts[code])
                at = (at + 1) & _mask;
            (_texts[at], _codes[at]) = (texts[code], code);
        }
    }

    public bool TryGet(string text, out int code)
    {
        for (int at = Hash(text) & _mask; ; at = (at + 1) & _mask)
        {
            string? known = _texts[at];
            if (known is null)
            {
                code = -1;
                return false;
            }
            if (string.Equals(known, text))
            {
                code = _codes[at];
                return true;
            }
        }
    }

    /// <summary>Four code units at a time; the last four may overlap those before them.</summary>
    private static int Hash(string text)
    {
        const ulong Factor = 0x9E3779B97F4A7C15;
        ulong hash = (uint)text.Length;
        ReadOnlySpan<char> units = text;
        if (units.Length >= 4)
        {
            ref ulong blocks = ref Unsafe.As<char, ulong>(ref MemoryMarshal.GetReference(units));
            for (int i = 0; i < units.Length / 4; i++)
                hash = (BitOperations.RotateLeft(hash, 23) ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<ulong, byte>(ref Unsafe.Add(ref blocks, i)))) * Factor;
            hash ^= Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(units[^4..])));
        }
        else
        {
            foreach (char unit in units)
                hash = hash << 16 ^ unit;
        }
        hash *= Factor;
        return (int)(hash >> 33);
    }
}
