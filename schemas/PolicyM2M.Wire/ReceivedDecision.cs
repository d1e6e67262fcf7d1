using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Wire;

/// <summary>Which policies answered.</summary>
/// <param name="CommitId">The Git commit id, in lower-case hexadecimal.</param>
/// <param name="BundleHash">The SHA-256 of the bundle compiled from it, in lower-case hexadecimal.</param>
public sealed record RevisionId(string CommitId, string BundleHash);

/// <summary>A rule that determined a decision, as the decision point names it.</summary>
/// <param name="Policy">The policy's name; empty for a rule by omission.</param>
/// <param name="Label">What it is called within the policy, such as <c>require public-tls13</c>.</param>
/// <param name="File">The path within the policy set.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
public sealed record RuleName(string Policy, string Label, string File, int Line, int Column);

/// <summary>A decision as it came over the wire. Immutable.</summary>
/// <param name="Outcome">What was decided.</param>
/// <param name="Rules">The rules that determined it, in manifest order.</param>
/// <param name="Revision">The policies that it was made from.</param>
/// <param name="IssuedAt">When it was made, by the decision point's clock.</param>
/// <param name="FreshUntil">Until then it need not be asked for again.</param>
/// <param name="UsableUntil">Until then it may be used while the decision point cannot be reached; never before <paramref name="FreshUntil"/>.</param>
public sealed record ReceivedDecision(
    Outcome Outcome, ImmutableArray<RuleName> Rules, RevisionId Revision, DateTimeOffset IssuedAt, DateTimeOffset FreshUntil, DateTimeOffset UsableUntil)
{
    /// <summary>The kind of decision.</summary>
    public DecisionKind Kind => Outcome.Kind;

    /// <summary>When answers began to be made from the revision; null where the decision point does not say.</summary>
    public DateTimeOffset? ActivatedAt { get; init; }

    /// <summary>Where it holds; null where it is only for who asked.</summary>
    public Region? Region { get; init; }
}
