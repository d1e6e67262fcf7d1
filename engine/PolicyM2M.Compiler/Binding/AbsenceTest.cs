using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Binding;

/// <summary>
/// Finds what holds because something is missing. That is <c>has</c> under a <c>not</c>, or an odd number of them, and nothing else: any other test of what is missing is open, and a waiver
/// that is open takes nothing out.
/// </summary>
internal sealed class AbsenceTest
{
    /// <summary>Parts are shared: a walk per path might not end.</summary>
    private readonly HashSet<(BoundCondition Condition, bool IsNegated)> _seen = new(ByReference.Instance);

    private AbsenceTest()
    {
    }

    /// <summary>An attribute whose absence makes a condition hold, or helps to; null where there is none.</summary>
    public static AttributeDefinition? Of(BoundCondition condition) => new AbsenceTest().Find(condition, isNegated: false);

    private AttributeDefinition? Find(BoundCondition condition, bool isNegated) => !_seen.Add((condition, isNegated)) ? null : condition switch
    {
        BoundCondition.Has has when isNegated => has.Attribute,
        BoundCondition.Not not => Find(not.Part, !isNegated),
        BoundCondition.Any any => Find(any.Parts, isNegated),
        BoundCondition.All all => Find(all.Parts, isNegated),
        _ => null,
    };

    private AttributeDefinition? Find(ImmutableArray<BoundCondition> parts, bool isNegated) => parts.Select(part => Find(part, isNegated)).FirstOrDefault(found => found is not null);

    /// <summary>Conditions are records, and comparing two by content may take as long as walking them.</summary>
    private sealed class ByReference : IEqualityComparer<(BoundCondition Condition, bool IsNegated)>
    {
        public static ByReference Instance { get; } = new();

        public bool Equals((BoundCondition Condition, bool IsNegated) x, (BoundCondition Condition, bool IsNegated) y) => ReferenceEquals(x.Condition, y.Condition) && x.IsNegated == y.IsNegated;

        public int GetHashCode((BoundCondition Condition, bool IsNegated) obj) => HashCode.Combine(ReferenceEqualityComparer.Instance.GetHashCode(obj.Condition), obj.IsNegated);
    }
}
