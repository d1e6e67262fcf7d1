namespace PolicyM2M.Enforcement.Rotation;

/// <summary>The clocks of a credential: what its issuer wrote into it, which is not what was asked for, and since when its key exists.</summary>
/// <param name="NotBefore">The beginning of its validity (RFC 5280, 4.1.2.5).</param>
/// <param name="NotAfter">The end of its validity, or that of the first certificate of its chain that ends: a credential does not outlive its issuer.</param>
/// <param name="KeyMade">When its key was made. Where nobody knows, <paramref name="NotBefore"/>.</param>
public readonly record struct CredentialTimes(DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset KeyMade)
{
    /// <summary>Those of a credential whose issuer may have ended before it began: then it has no life, and is renewed at once.</summary>
    internal static CredentialTimes Sound(DateTimeOffset notBefore, DateTimeOffset notAfter, DateTimeOffset keyMade) => new(notBefore, notAfter < notBefore ? notBefore : notAfter, keyMade);
}
