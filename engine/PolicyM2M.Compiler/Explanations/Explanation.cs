using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>Why a decision is what it is, and what would have to be otherwise for another.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="Policies">What each policy that speaks of its kind says, in the order of the manifest.</param>
/// <param name="Gaps">What nobody said, so that it was decided without it.</param>
/// <param name="Region">Where the same decision holds.</param>
/// <param name="HoldsUntil">The moment at which it stops to hold although nothing changes but the time; null where there is none.</param>
/// <param name="Counterfactual">The smallest changes that would give another; null where nobody asked.</param>
public sealed record Explanation(
    Decision Decision, ImmutableArray<PolicyExplanation> Policies, Gaps Gaps, Region Region, DateTimeOffset? HoldsUntil, Counterfactual? Counterfactual);

/// <summary>What one policy says.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Source">Where it stands.</param>
/// <param name="Applies">Whether the context is in its target; null where a missing attribute leaves that open.</param>
/// <param name="Because">The tests of its target that settle it, or leave it open; empty where it has no target.</param>
/// <param name="Rules">Its cases up to the chosen one, and its demands; empty where it does not apply.</param>
public sealed record PolicyExplanation(string Policy, SourcePosition Source, bool? Applies, ImmutableArray<Reason> Because, ImmutableArray<RuleExplanation> Rules);

/// <summary>Why a rule applies or not.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Applies">Whether it does; null where a missing attribute leaves that open.</param>
/// <param name="Because">The tests that settle it, or leave it open.</param>
/// <param name="WaivedBy">The waiver that takes it out, or could; null where none does.</param>
public sealed record RuleExplanation(Rule Rule, bool? Applies, ImmutableArray<Reason> Because, string? WaivedBy);

/// <summary>A test of a condition, and what it met.</summary>
/// <param name="Test">The test, as a policy would write it.</param>
/// <param name="Holds">Whether it holds; null where it is open.</param>
/// <param name="Met">The value that it met, in words.</param>
public readonly record struct Reason(string Test, bool? Holds, string? Met);

/// <summary>The smallest changes of a context that give another decision: where it is a denial, one that allows.</summary>
/// <param name="Changes">The changes, each with as few attributes as possible and its values as near as possible; the best first.</param>
/// <param name="IsWhole">
/// Whether every change of as many attributes or fewer was tried, at the moment of the decision, by a value of each class that the conditions tell apart. It is not where the
/// search ended after too many
/// contexts; where more than four attributes would have to change; where a set is looked into for more than six items; and where attributes that are no bools or enumerations are
/// compared with each other.
/// </param>
/// <param name="Tried">How many contexts were decided on the way.</param>
public sealed record Counterfactual(ImmutableArray<ContextChange> Changes, bool IsWhole, int Tried)
{
    /// <summary>What the time alone would change.</summary>
    public required LaterDecision Later { get; init; }
}

/// <summary>The first moment at which another decision is made although nothing changes but the time.</summary>
/// <param name="At">The moment; null where none was found.</param>
/// <param name="Decision">What is then decided; null where none was found.</param>
/// <param name="LookedUntil">Where none was found: until before when there surely is none; null where there never is.</param>
public sealed record LaterDecision(DateTimeOffset? At, Decision? Decision, DateTimeOffset? LookedUntil);

/// <summary>A change of a context.</summary>
/// <param name="Values">The attributes with their new values; no value where it is taken away.</param>
/// <param name="Decision">What would then be decided.</param>
public sealed record ContextChange(ImmutableArray<(AttributeDefinition Attribute, AttributeValue? Before, AttributeValue After)> Values, Decision Decision);
