namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>One line of the mapping: who is what.</summary>
/// <param name="Pattern">The identities it is about.</param>
/// <param name="Role">What they are.</param>
/// <param name="FixedName">What they are called; null where the pattern captures it.</param>
/// <param name="TrustDomain">Whose authorities must have issued a DNS name or a subject; null for SPIFFE IDs, which say it themselves.</param>
internal sealed record RoleEntry(IdentityPattern Pattern, Roles Role, string? FixedName, string? TrustDomain)
{
    /// <summary>What stands before a captured name; empty where the file says that nothing does, null where it says nothing of it.</summary>
    public string? Prefix { get; init; }

    /// <summary>The trust domain whose authorities issue what it takes.</summary>
    public string? Issuer => Pattern is IdentityPattern.OfSpiffe spiffe ? spiffe.TrustDomain : TrustDomain;

    /// <summary>What somebody is called of whom the pattern captured this.</summary>
    public string NameOf(string captured) => FixedName ?? Prefix + captured;

    /// <summary>
    /// Whether two trust domains could each issue what the other calls its own, without that somebody said they may. Devices and gateways have their names from one registry; those
    /// of others say nothing.
    /// </summary>
    public bool Collides(RoleEntry other)
    {
        if (!IsCaptured || !other.IsCaptured || Issuer == other.Issuer)
            return false;
        return (Prefix, other.Prefix) switch
        {
            (null, null) => true,
            ({ Length: > 0 } one, { Length: > 0 } two) => one.StartsWith(two, StringComparison.Ordinal) || two.StartsWith(one, StringComparison.Ordinal),
            _ => false,
        };
    }

    /// <summary>Whether a name that the other captures without a prefix is one of those that this one's prefix keeps for its own trust domain.</summary>
    public bool Reserves(string name, RoleEntry other) =>
        IsCaptured && other.IsCaptured && Issuer != other.Issuer && Prefix is { Length: > 0 } && string.IsNullOrEmpty(other.Prefix) && name.StartsWith(Prefix, StringComparison.Ordinal);

    private bool IsCaptured => Pattern.Captures && Role is (Roles.Device or Roles.Gateway);
}
