using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>An authority of which a revocation list was in force.</summary>
/// <param name="Name">Its subject, as encoded, in hexadecimal digits.</param>
/// <param name="Text">The same to read.</param>
/// <param name="KeyId">Which of its keys signed the list; null where that did not say.</param>
/// <param name="IsTrusted">Whether it was one of a trust domain, and not one between such a one and a caller: those are known only when a caller shows them.</param>
internal sealed record ListedAuthority(string Name, string Text, string? KeyId, bool IsTrusted)
{
    /// <summary>The authority whose list this is.</summary>
    public static ListedAuthority Of(RevocationList list, IEnumerable<CrlIssuer> trusted) =>
        new(list.Issuer, list.IssuerText, list.KeyId, trusted.Any(authority => authority.Name == list.Issuer && !list.IsOfAnotherKey(authority)));

    /// <summary>Whether a certificate is one of this authority.</summary>
    public bool Is(CrlIssuer issuer) => issuer.Name == Name && IsSameKey(issuer.KeyId);

    /// <summary>Whether a list is one of this authority.</summary>
    public bool Has(RevocationList list) => list.Issuer == Name && IsSameKey(list.KeyId);

    private bool IsSameKey(string? key) => KeyId is null || key is null || KeyId == key;
}
