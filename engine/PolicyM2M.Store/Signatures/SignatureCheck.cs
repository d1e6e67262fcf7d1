namespace PolicyM2M.Store.Signatures;

/// <summary>What a commit's signature is worth. Immutable.</summary>
/// <param name="Signer">The principal who signed it; null where that does not count, or was not asked.</param>
/// <param name="Refusal">Why it does not count, in one line; otherwise null.</param>
public sealed record SignatureCheck(string? Signer, string? Refusal);
