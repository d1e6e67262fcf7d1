namespace PolicyM2M.Store;

/// <summary>What a commit's signature is worth: exactly one of the two is there. Immutable.</summary>
/// <param name="Signer">The principal who signed it; null where that does not count.</param>
/// <param name="Refusal">Why it does not count, in one line; otherwise null.</param>
public sealed record SignatureCheck(string? Signer, string? Refusal);
