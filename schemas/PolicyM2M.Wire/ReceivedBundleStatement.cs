namespace PolicyM2M.Wire;

/// <summary>What the decision point vouches for about a bundle: that decisions may be made from it. Immutable.</summary>
/// <param name="Revision">The policies that the bundle was compiled from; its hash is that of the bundle's bytes.</param>
/// <param name="ActivatedAt">When answers began to be made from them; null where the decision point does not say.</param>
/// <param name="Length">How long the bundle is, in bytes.</param>
/// <param name="IssuedAt">When the statement was made: the windows of a decision made from the bundle count from then.</param>
/// <param name="ValidUntil">From then on it says nothing.</param>
public sealed record ReceivedBundleStatement(RevisionId Revision, DateTimeOffset? ActivatedAt, long Length, DateTimeOffset IssuedAt, DateTimeOffset ValidUntil)
{
    /// <exception cref="WireException">It does not say what its contract demands.</exception>
    internal static ReceivedBundleStatement Of(V1.BundleStatement statement)
    {
        DateTimeOffset issuedAt = WireMapping.Instant(statement.IssuedAt, "a bundle's statement", "issued_at"), validUntil = WireMapping.Instant(statement.ValidUntil, "a bundle's statement", "valid_until");
        if (validUntil < issuedAt)
            throw new WireException("a bundle's statement ends before it begins");
        if (statement.Length > long.MaxValue)
            throw new WireException("a bundle's statement names no length");
        return new ReceivedBundleStatement(WireMapping.FromWire(statement.Revision), WireMapping.ActivatedAt(statement.Revision), (long)statement.Length, issuedAt, validUntil);
    }
}
