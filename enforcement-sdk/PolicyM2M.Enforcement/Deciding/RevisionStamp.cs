using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>The policies that a decision point said it serves, and what tells later ones from earlier. Immutable.</summary>
/// <param name="Id">The policies.</param>
/// <param name="ActivatedAt">When answers began to be made from them; null where the decision point does not say.</param>
/// <param name="IssuedAt">When something made from them was signed last; null where nothing was seen.</param>
internal sealed record RevisionStamp(RevisionId Id, DateTimeOffset? ActivatedAt, DateTimeOffset? IssuedAt)
{
    public static RevisionStamp Of(ReceivedDecision decision) => new(decision.Revision, decision.ActivatedAt, decision.IssuedAt);

    public static RevisionStamp Of(ReceivedBundleStatement statement) => new(statement.Revision, statement.ActivatedAt, statement.IssuedAt);

    /// <summary>Whether these are other policies than those. A commit that leaves them as they are is no other.</summary>
    public bool IsOtherThan(RevisionId revision) => Id.BundleHash != revision.BundleHash;

    /// <summary>Whether these are other policies, and earlier ones: whoever has seen the later ones refuses them.</summary>
    public bool IsBefore(RevisionStamp seen) => IsOtherThan(seen.Id)
        && (ActivatedAt is { } began && seen.ActivatedAt is { } seenBegan ? began < seenBegan : IssuedAt < seen.IssuedAt);

    /// <summary>This, after that was seen: what orders them never goes back.</summary>
    public RevisionStamp After(RevisionStamp? seen) => new(Id, Later(ActivatedAt, seen?.ActivatedAt), Later(IssuedAt, seen?.IssuedAt));

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;
}
