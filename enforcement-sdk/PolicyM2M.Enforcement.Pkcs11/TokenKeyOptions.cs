namespace PolicyM2M.Enforcement.Pkcs11;

/// <summary>Which key of which token the store's key comes from. Immutable.</summary>
public sealed record TokenKeyOptions
{
    /// <summary>The library of the token's maker, such as <c>/usr/lib/softhsm/libsofthsm2.so</c>. It is loaded into this process: whoever can write it is this process.</summary>
    public required string Library { get; init; }

    /// <summary>The label of the token (PKCS #11, CK_TOKEN_INFO).</summary>
    public required string Token { get; init; }

    /// <summary>The label of the key on it (CKA_LABEL); made at the first use.</summary>
    public string Key { get; init; } = "policym2m-store";

    /// <summary>A file with the user's PIN, which only its owner may read; a line end after it does not count.</summary>
    public required string PinPath { get; init; }
}
