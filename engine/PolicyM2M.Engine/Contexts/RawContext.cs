using System.Runtime.CompilerServices;

namespace PolicyM2M.Engine.Contexts;

/// <summary>Reads facets straight from raw values, each when it is asked for: nothing is prepared, nothing allocated.</summary>
/// <param name="table">The attributes.</param>
/// <param name="values">A value for each attribute, in the table's order; no value where it is missing.</param>
/// <param name="now">The moment of the decision: whole seconds of it count. Few decisions ask for it.</param>
internal readonly ref struct RawContext(AttributeTable table, ReadOnlySpan<AttributeValue> values, DateTimeOffset now) : IFacetSource
{
    private readonly ReadOnlySpan<AttributeValue> _values = values;
    private readonly ReadOnlySpan<ShortCoding> _codings = table.ShortCodings.AsSpan();

    /// <summary>What needs no parsing is read here. All else goes through a variable of its own, so that the code of this way stays in a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(int facet, out long code)
    {
        if ((uint)facet < (uint)_values.Length && _codings[facet].TryEncode(in _values[facet], out code))
            return true;
        bool isKnown = TryGetLonger(facet, out long longer);
        code = longer;
        return isKnown;
    }

    public AttributeTable Table => table;

    public int CountRefused(ReadOnlySpan<RefusedRange> ranges)
    {
        ReadOnlySpan<AttributeValue> values = _values;
        object wholeNumber = AttributeValue.Mark.WholeNumber;
        for (int i = 0; i < ranges.Length; i++)
        {
            ref readonly RefusedRange range = ref ranges[i];
            ref readonly AttributeValue value = ref values[range.Facet];
            if (!ReferenceEquals(value.Content, wholeNumber) || !range.Has(value.Number))
                return i;
        }
        return ranges.Length;
    }

    private bool TryGetLonger(int facet, out long code) => (uint)facet < (uint)_values.Length ? TryGetValue(facet, out code) : TryGetOther(facet, out code);

    private bool TryGetOther(int facet, out long code)
    {
        Facet asked = table.Facets[facet];
        switch (asked.Kind)
        {
            case FacetKind.Has:
                code = table.IsGiven(_values, asked.Attribute) && TryGetValue(asked.Attribute, out _) ? 1 : 0;
                return true;
            case FacetKind.Contains:
                AttributeValue set = Effective(asked.Attribute);
                code = set.Texts.AsSpan().BinarySearch(asked.Item, StringComparer.Ordinal) >= 0 ? 1 : 0;
                return table.Codings[asked.Attribute].TryEncode(set, out _);
            case FacetKind.Same:
                AttributeValue left = Effective(asked.Attribute), right = Effective(asked.Other);
                bool isKnown = table.Codings[asked.Attribute].TryEncode(left, out _) && table.Codings[asked.Other].TryEncode(right, out _);
                code = isKnown && table.Codings[asked.Attribute].AreSame(left, right) ? 1 : 0;
                return isKnown;
            default:
                code = asked.Read(now.ToUnixTimeSeconds());
                return true;
        }
    }

    private bool TryGetValue(int attribute, out long code)
    {
        int instant = table.AgeOf[attribute];
        if (instant < 0)
            return table.Codings[attribute].TryEncode(Effective(attribute), out code);
        bool isKnown = table.Codings[instant].TryEncode(Effective(instant), out long since);
        return Ages.TryGet(isKnown, since, now.ToUnixTimeSeconds(), table.Codings[attribute], out code);
    }

    private AttributeValue Effective(int attribute) =>
        _values[attribute].Kind == AttributeValueKind.None && table.Codings[attribute].Definition.Default is { } standard ? standard : _values[attribute];
}
