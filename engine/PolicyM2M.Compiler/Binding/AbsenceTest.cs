using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Binding;

/// <summary>
/// Finds what may hold because something is missing. That is <c>has</c> under a <c>not</c>, or an odd number of them, and any test of an attribute with a default, which holds for who says nothing.
/// Any other test of what is missing is open, and a waiver that is open takes nothing out for those values for which it does not hold.
/// </summary>
internal sealed class AbsenceTest
{
    /// <summary>Parts are shared: a walk per path might not end.</summary>
    private readonly HashSet<(BoundCondition Condition, bool IsNegated)> _seen = new(ByReference.Instance);

    private readonly IReadOnlyDictionary<string, AttributeDefinition> _attributes;

    private AbsenceTest(IReadOnlyDictionary<string, AttributeDefinition> attributes) => _attributes = attributes;

    /// <summary>An attribute whose absence makes a condition hold, or helps to; null where there is none.</summary>
    public static AttributeDefinition? Of(BoundCondition condition, IReadOnlyDictionary<string, AttributeDefinition> attributes) =>
        new AbsenceTest(attributes).Find(condition, isNegated: false);

    private AttributeDefinition? Find(BoundCondition condition, bool isNegated) => !_seen.Add((condition, isNegated)) ? null : condition switch
    {
        BoundCondition.Has has when isNegated => has.Attribute,
        BoundCondition.Not not => Find(not.Part, !isNegated),
        BoundCondition.Any any => Find(any.Parts, isNegated),
        BoundCondition.All all => Find(all.Parts, isNegated),
        BoundCondition.Contains contains => Assumed(contains.Attribute),
        BoundCondition.SameAs same => Assumed(same.Left) ?? Assumed(same.Right),
        _ => condition.Tested is { } tested ? Assumed(tested) : null,
    };

    /// <summary>The attribute whose default the test may rest on: its own, or that of the instant whose age it is.</summary>
    private AttributeDefinition? Assumed(AttributeDefinition attribute) => attribute.Default is not null ? attribute
        : attribute.AgeOf is { } instant && _attributes.TryGetValue(instant, out AttributeDefinition? born) && born.Default is not null ? born : null;

    private AttributeDefinition? Find(ImmutableArray<BoundCondition> parts, bool isNegated) => parts.Select(part => Find(part, isNegated)).FirstOrDefault(found => found is not null);

    /// <summary>Conditions are records, and comparing two by content may take as long as walking them.</summary>
    private sealed class ByReference : IEqualityComparer<(BoundCondition Condition, bool IsNegated)>
    {
        public static ByReference Instance { get; } = new();

        public bool Equals((BoundCondition Condition, bool IsNegated) x, (BoundCondition Condition, bool IsNegated) y) => ReferenceEquals(x.Condition, y.Condition) && x.IsNegated == y.IsNegated;

        public int GetHashCode((BoundCondition Condition, bool IsNegated) obj) => HashCode.Combine(ReferenceEqualityComparer.Instance.GetHashCode(obj.Condition), obj.IsNegated);
    }
}
