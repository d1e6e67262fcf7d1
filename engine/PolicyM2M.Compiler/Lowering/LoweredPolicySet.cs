using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>A policy set as lists of cases over codes, one list for each thing that can apply by itself.</summary>
internal sealed record LoweredPolicySet(
    string Name, ImmutableArray<string> Policies, AttributeTable Attributes, ImmutableArray<Rule> Rules, ConditionTable Conditions, ImmutableArray<LoweredList> Lists);

/// <summary>A list of cases of one kind of decision: the first that matches is chosen, and the last always matches.</summary>
internal sealed record LoweredList(int Kind, SourcePosition Source, ImmutableArray<LoweredCase> Cases);

/// <summary>A case: a condition of the table, and the place of the rule that then applies, or <see cref="Silent"/>.</summary>
internal readonly record struct LoweredCase(int Condition, int Rule)
{
    /// <summary>The policy says nothing.</summary>
    public const int Silent = -1;
}
