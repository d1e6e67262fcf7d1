using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>A policy set as lists of cases over codes, one list for each thing that can apply by itself.</summary>
internal sealed record LoweredPolicySet(
    string Name, ImmutableArray<string> Policies, AttributeTable Attributes, ImmutableArray<Rule> Rules, ConditionTable Conditions, ImmutableArray<LoweredClause> Clauses);

/// <summary>
/// Lists of cases. In each the first case that matches is chosen; the last always matches. One list is the ordinary thing: its leaf
/// applies. Several are an omission: its leaf applies where every list comes to it, that is, where no policy says anything else.
/// </summary>
internal sealed record LoweredClause(int Kind, SourcePosition Source, ImmutableArray<ImmutableArray<LoweredCase>> Lists);

/// <summary>A case: a condition of the table, and the leaf of the tree: a rule, or silence.</summary>
internal readonly record struct LoweredCase(int Condition, int Leaf);
