using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace PolicyM2M.Engine.Contexts;

/// <summary>A context read by the schema of one bundle, ready for any number of decisions at any time. Immutable.</summary>
public sealed class PreparedContext
{
    private readonly long[] _codes;
    private readonly Standing[] _standings;

    private PreparedContext(AttributeTable table, long[] codes, Standing[] standings, ImmutableArray<UnusableValue> unusable, ImmutableArray<string> missing)
    {
        Table = table;
        _codes = codes;
        _standings = standings;
        Unusable = unusable;
        Missing = missing;
    }

    private enum Standing : byte
    {
        Unknown,
        Known,
        Timed,
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
                unusable.Add(new UnusableValue(name, IsUnknown: true, table.Suggestion(name)));
            else if (table.AgeOf[index] >= 0)
                unusable.Add(new UnusableValue(name, IsUnknown: false, $"it is derived from `{table.Codings[index].Definition.AgeOf}` and the clock, and cannot be given"));
            else
                values[index] = value;
        }

        var codes = new long[table.Facets.Length];
        var standings = new Standing[table.Facets.Length];
        var raw = new RawContext(table, values, now: 0);
        for (int facet = 0; facet < codes.Length; facet++)
        {
            if (table.IsTimed[facet])
                standings[facet] = Standing.Timed;
            else if (raw.TryGet(facet, out codes[facet]))
                standings[facet] = Standing.Known;
            else if (facet < values.Length && values[facet].Kind != AttributeValueKind.None)
                unusable.Add(new UnusableValue(table.Codings[facet].Definition.Name, IsUnknown: false, $"expected {table.Codings[facet].Expected}"));
        }
        ImmutableArray<string> missing = [.. table.Needed.Where(name => standings[table.Indexes[name]] == Standing.Unknown)];
        unusable.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new PreparedContext(table, codes, standings, unusable.ToImmutable(), missing);
    }

    /// <summary>The context at a moment, in seconds since 1970.</summary>
    internal AtTime At(long now) => new(this, now);

    /// <summary>The prepared codes, and those that depend on the clock.</summary>
    internal readonly ref struct AtTime(PreparedContext context, long now) : IFacetSource
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TryGet(int facet, out long code)
        {
            code = context._codes[facet];
            Standing standing = context._standings[facet];
            return standing == Standing.Known || (standing == Standing.Timed && context.TryGetTimed(facet, now, out code));
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
        bool isKnown = Ages.TryGet(_standings[instant] == Standing.Known, _codes[instant], now, Table.Codings[asked.Attribute], out code);
        if (asked.Kind == FacetKind.Value)
            return isKnown;
        code = isKnown ? 1 : 0;
        return true;
    }
}

/// <summary>An attribute of a context that counts as missing.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsUnknown">Whether the schema has no such attribute; otherwise its value cannot be used.</param>
/// <param name="Expected">What was expected, for people.</param>
public readonly record struct UnusableValue(string Name, bool IsUnknown, string Expected);
