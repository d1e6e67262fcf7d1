using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.SelfTests;

/// <summary>A context, and a moment, in which a condition holds.</summary>
internal sealed record Witness(DeviceContext Context, DateTimeOffset Now)
{
    /// <summary>Any moment will do where no condition asks the clock.</summary>
    private static readonly DateTimeOffset AnyMoment = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A context that gives every attribute a value, and no condition what it looks for on purpose.</summary>
    public static Witness Plain(BoundPolicySet set)
    {
        var values = new CandidateValues([], CandidateValues.BirthsIn(set.Attributes), DeviceContext.Empty, AnyMoment);
        IEnumerable<(string Name, ImmutableArray<AttributeValue> Values)> all =
            set.Attributes.Where(attribute => attribute.AgeOf is null).Select(attribute => (attribute.Name, values.For(attribute)));
        return new Witness(DeviceContext.Of(all.Where(entry => entry.Values.Length > 0).Select(entry => new KeyValuePair<string, AttributeValue>(entry.Name, entry.Values[0]))), AnyMoment);
    }
}
