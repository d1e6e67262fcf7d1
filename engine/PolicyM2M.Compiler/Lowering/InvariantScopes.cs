using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>Which contexts an invariant speaks of. Remembers what it worked out; one thread only.</summary>
internal sealed class InvariantScopes
{
    private readonly AttributeTable _attributes;
    private readonly ConditionTable _conditions;
    private readonly Dictionary<BoundInvariant, int> _scopes;

    private InvariantScopes(AttributeTable attributes, ConditionTable conditions, Dictionary<BoundInvariant, int> scopes)
    {
        _attributes = attributes;
        _conditions = conditions;
        _scopes = scopes;
    }

    /// <summary>The scopes of a set's invariants.</summary>
    /// <exception cref="BudgetExceededException">Their conditions are too much work.</exception>
    public static InvariantScopes Of(BoundPolicySet set, CompileBudget budget)
    {
        ImmutableArray<BoundInvariant> invariants = [.. set.Policies.SelectMany(policy => policy.Invariants)];
        AttributeTable attributes = Constants.Of(set.Attributes, invariants.Select(invariant => invariant.When));
        var conditions = new ConditionTable(attributes.Codes, budget);
        var lowering = new ConditionLowering(attributes, conditions);
        return new InvariantScopes(attributes, conditions, invariants.ToDictionary(invariant => invariant, invariant => lowering.Lower(invariant.When)));
    }

    /// <summary>Whether an invariant's condition can never hold, or always does; null where that hangs on the context.</summary>
    public bool? IsConstant(BoundInvariant invariant) => _scopes[invariant] switch { ConditionTable.Always => true, ConditionTable.Never => false, _ => null };

    /// <summary>
    /// Whether an invariant speaks of a context, or of one that it could be where attributes are missing. Facets that are missing are taken to be free of each
    /// other: of two that are not (a set that contains two texts and equals another set) it may say that they could be what they cannot, never the reverse.
    /// </summary>
    public bool Covers(BoundInvariant invariant, DeviceContext context, DateTimeOffset now)
    {
        bool askedClock = false;
        PreparedContext.AtTime known = PreparedContext.Prepare(context, _attributes).At(now, ref askedClock);
        int scope = _scopes[invariant];
        try
        {
            foreach (int facet in _conditions.FacetsOf(scope).ToArray())
            {
                if (known.TryGet(facet, out long code))
                    scope = _conditions.Restrict(scope, facet, code);
            }
            return scope != ConditionTable.Never;
        }
        catch (BudgetExceededException)
        {
            // Hundreds of thousands of contexts: to check one invariant too many is on the safe side.
            return true;
        }
    }
}
