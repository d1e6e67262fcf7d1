namespace PolicyM2M.Enforcement.Rotation;

/// <summary>What a device may use of a credential at one moment.</summary>
public abstract record CredentialUse
{
    private CredentialUse() { }

    /// <summary>It may be used.</summary>
    /// <param name="Serving">What to use for new connections.</param>
    /// <param name="Predecessor">What is still usable beside it: on trial to go back to, and for the overlap after that; null for nothing.</param>
    /// <param name="IsInGrace">Whether it is used past what the decision allows, because its issuer cannot be reached.</param>
    public sealed record Usable(UsableCredential Serving, UsableCredential? Predecessor, bool IsInGrace) : CredentialUse;

    /// <summary>Nothing may be used. Renewing goes on: to its issuer, and to the decision point, whose word it needs for that, the device still shows what it has.</summary>
    /// <param name="Reason">Why not.</param>
    public sealed record Unusable(string Reason) : CredentialUse;
}

/// <summary>A credential that may be used.</summary>
/// <param name="Credential">Which.</param>
/// <param name="CertificatePath">Its certificate with the intermediates that it needs, PEM.</param>
/// <param name="KeyPath">Its key, PEM.</param>
/// <param name="Until">From then on it may not be used.</param>
public sealed record UsableCredential(Credential Credential, string CertificatePath, string KeyPath, DateTimeOffset Until);
