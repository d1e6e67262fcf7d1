namespace PolicyM2M.X509.Revocation;

/// <summary>In which way revocation lists speak against a chain.</summary>
internal enum RevocationFaultKind
{
    /// <summary>A certificate of the chain is on a list.</summary>
    Revoked,

    /// <summary>A list is not its authority's, or is not in its time yet, so that nothing can be learned from it.</summary>
    Unusable,

    /// <summary>A list has ended, and what was revoked since is not known.</summary>
    Expired,
}

/// <summary>Why a chain is not to be trusted, by the lists of its authorities.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="Text">The same to read.</param>
internal sealed record RevocationFault(RevocationFaultKind Kind, string Text);
