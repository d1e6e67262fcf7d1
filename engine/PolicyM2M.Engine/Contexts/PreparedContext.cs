using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Contexts;

/// <summary>
/// A context read by the schema of one bundle, ready for any number of decisions at any time. Immutable but for what it remembers: a decision that the clock has no part in is made
/// once.
/// </summary>
public sealed class PreparedContext
{
    private readonly Slot[] _slots;
    private readonly Decision?[] _known = new Decision?[DecisionKinds.All.Count];

    private PreparedContext(AttributeTable table, Slot[] slots, ImmutableArray<UnusableValue> unusable, ImmutableArray<string> missing)
    {
        Table = table;
        _slots = slots;
        Unusable = unusable;
        Missing = missing;
    }

    private enum Standing : byte
    {
        Unknown,
        Known,
        Timed,
    }

    private struct Slot
    {
        public long Code;
        public Standing Standing;
    }

    /// <summary>What the context held and the schema does not know or cannot read. Such attributes count as missing.</summary>
    public ImmutableArray<UnusableValue> Unusable { get; }

    /// <summary>The attributes that some rule tests and the context does not give, in ordinal order: the answer is the strictest over all they could be.</summary>
    public ImmutableArray<string> Missing { get; }

    /// <summary>The attribute table it was prepared by: codes mean nothing to another.</summary>
    internal AttributeTable Table { get; }

    internal static PreparedContext Prepare(DeviceContext context, AttributeTable table)
    {
        var values = new AttributeValue[table.Codings.Length];
        ImmutableArray<UnusableValue>.Builder unusable = ImmutableArray.CreateBuilder<UnusableValue>();
        foreach ((string name, AttributeValue value) in context.Values)
        {
            if (!table.Indexes.TryGetValue(name, out int index))
                unusable.Add(new UnusableValue(name, table));
            else if (table.AgeOf[index] >= 0)
                unusable.Add(new UnusableValue(name, $"it is derived from `{table.Codings[index].Definition.AgeOf}` and the clock, and cannot be given"));
            else
                values[index] = value;
        }

        var slots = new Slot[table.Facets.Length];
        var raw = new RawContext(table, values, DateTimeOffset.UnixEpoch);
        for (int facet = 0; facet < slots.Length; facet++)
        {
            if (table.IsTimed[facet])
            {
                slots[facet].Standing = Standing.Timed;
                // Whether it is given the clock does not change, only whether it can be used.
                slots[facet].Code = table.Facets[facet] is { Kind: FacetKind.Has, Attribute: int age } && table.IsGiven(values, age) ? 1 : 0;
            }
            else if (raw.TryGet(facet, out slots[facet].Code))
                slots[facet].Standing = Standing.Known;
            else if (facet < values.Length && values[facet].Kind != AttributeValueKind.None)
                unusable.Add(new UnusableValue(table.Codings[facet].Definition.Name, $"expected {table.Codings[facet].Expected}"));
        }
        ImmutableArray<string> missing = [.. table.Needed.Where(name => slots[table.Indexes[name]].Standing == Standing.Unknown)];
        unusable.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new PreparedContext(table, slots, unusable.ToImmutable(), missing);
    }

    /// <summary>What was decided of it before, where that hangs on nothing but the context; null where nothing is known.</summary>
    internal Decision? Known(DecisionKind kind) => _known[(int)kind];

    /// <summary>Keeps a decision that hangs on nothing but the context. Whichever thread comes last wins: all of them say the same.</summary>
    internal void Keep(DecisionKind kind, Decision decision) => _known[(int)kind] = decision;

    /// <summary>The context at a moment, of which whole seconds count.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="askedClock">Becomes true where something was asked that the clock tells.</param>
    internal AtTime At(DateTimeOffset now, ref bool askedClock) => new(this, now, ref askedClock);

    /// <summary>The prepared codes, and those that depend on the clock. Copies note in one place that the clock was asked.</summary>
    internal readonly ref struct AtTime(PreparedContext context, DateTimeOffset now, ref bool askedClock) : IFacetSource
    {
        private readonly Slot[] _slots = context._slots;
        private readonly ref bool _askedClock = ref askedClock;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TryGet(int facet, out long code)
        {
            ref readonly Slot slot = ref _slots[facet];
            code = slot.Code;
            return slot.Standing == Standing.Known || (slot.Standing == Standing.Timed && TryGetTimed(facet, out code));
        }

        public AttributeTable Table => context.Table;

        public int CountRefused(ReadOnlySpan<RefusedRange> ranges)
        {
            Slot[] slots = _slots;
            for (int i = 0; i < ranges.Length; i++)
            {
                ref readonly Slot slot = ref slots[ranges[i].Facet];
                if (slot.Standing != Standing.Known || !ranges[i].Has(slot.Code))
                    return i;
            }
            return ranges.Length;
        }

        private bool TryGetTimed(int facet, out long code)
        {
            _askedClock = true;
            return context.TryGetTimed(facet, now.ToUnixTimeSeconds(), out code);
        }
    }

    private bool TryGetTimed(int facet, long now, out long code)
    {
        Facet asked = Table.Facets[facet];
        if (asked.IsClock)
        {
            code = asked.Read(now);
            return true;
        }
        int instant = Table.AgeOf[asked.Attribute];
        bool isKnown = Ages.TryGet(_slots[instant].Standing == Standing.Known, _slots[instant].Code, now, Table.Codings[asked.Attribute], out code);
        if (asked.Kind == FacetKind.Value)
            return isKnown;
        code = isKnown ? _slots[facet].Code : 0;
        return true;
    }
}

/// <summary>Something in a context that could not be used.</summary>
public readonly struct UnusableValue
{
    private readonly AttributeTable? _table;
    private readonly string? _expected;

    internal UnusableValue(string name, string expected) => (Name, _expected) = (name, expected);

    internal UnusableValue(string name, AttributeTable table) => (Name, _table) = (name, table);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether the schema has no such attribute; otherwise its value cannot be used.</summary>
    public bool IsUnknown => _table is not null;

    /// <summary>What was expected, for people. For an unknown name it is looked for when it is asked, among all that the schema has.</summary>
    public string Expected => _expected ?? _table?.Suggestion(Name) ?? "";
}
