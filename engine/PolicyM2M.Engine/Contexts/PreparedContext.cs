using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace PolicyM2M.Engine.Contexts;

/// <summary>A context read by the schema of one bundle, ready for any number of decisions. Immutable.</summary>
public sealed class PreparedContext
{
    private readonly long[] _codes;
    private readonly bool[] _known;

    private PreparedContext(object schema, long[] codes, bool[] known, ImmutableArray<UnusableValue> unusable, ImmutableArray<string> missing)
    {
        Schema = schema;
        _codes = codes;
        _known = known;
        Unusable = unusable;
        Missing = missing;
    }

    /// <summary>What the context held and the schema does not know or cannot read. Such attributes count as missing.</summary>
    public ImmutableArray<UnusableValue> Unusable { get; }

    /// <summary>The attributes that some rule tests and the context does not give, in ordinal order: the answer is the strictest over all they could be.</summary>
    public ImmutableArray<string> Missing { get; }

    /// <summary>The attribute table it was prepared by: codes mean nothing to another.</summary>
    internal object Schema { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryGet(int attribute, out long code)
    {
        code = _codes[attribute];
        return _known[attribute];
    }

    internal static PreparedContext Prepare(DeviceContext context, AttributeTable attributes)
    {
        ImmutableArray<AttributeCoding> codings = attributes.Codings;
        var codes = new long[codings.Length];
        var known = new bool[codings.Length];
        ImmutableArray<UnusableValue>.Builder unusable = ImmutableArray.CreateBuilder<UnusableValue>();
        foreach ((string name, AttributeValue value) in context.Values)
        {
            if (!attributes.Indexes.TryGetValue(name, out int index))
                unusable.Add(new UnusableValue(name, IsUnknown: true, attributes.Suggestion(name)));
            else if (!(known[index] = codings[index].TryEncode(value, out codes[index])))
                unusable.Add(new UnusableValue(name, IsUnknown: false, $"expected {codings[index].Expected}"));
        }
        ImmutableArray<string> missing = [.. attributes.Needed.Where(name => !known[attributes.Indexes[name]])];
        return new PreparedContext(attributes, codes, known, unusable.ToImmutable(), missing);
    }
}

/// <summary>An attribute of a context that counts as missing.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsUnknown">Whether the schema has no such attribute; otherwise its value is malformed.</param>
/// <param name="Expected">What was expected, for people.</param>
public readonly record struct UnusableValue(string Name, bool IsUnknown, string Expected);
