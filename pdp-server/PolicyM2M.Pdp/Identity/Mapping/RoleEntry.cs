namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>One line of the mapping: who is what.</summary>
/// <param name="Pattern">The identities it is about.</param>
/// <param name="Role">What they are.</param>
/// <param name="FixedName">What they are called; null where the pattern captures it.</param>
/// <param name="TrustDomain">Whose authorities must have issued a DNS name or a subject; null for SPIFFE IDs, which say it themselves.</param>
internal sealed record RoleEntry(IdentityPattern Pattern, Roles Role, string? FixedName, string? TrustDomain);
