using System.Collections.Frozen;

namespace PolicyM2M.Emitters.Planning;

/// <summary>
/// The signature schemes of TLS 1.3 that only one kind of key can sign with (RFC 8446, section 4.2.3; draft-ietf-tls-mldsa): who is offered these alone shows a key of these kinds. There is none for the length of an RSA
/// key, and in TLS 1.2 none for a curve.
/// </summary>
internal static class KeySchemes
{
    private static readonly FrozenDictionary<string, string> ByAlgorithm = new Dictionary<string, string>
    {
        ["ecdsa-p256"] = "ecdsa_secp256r1_sha256",
        ["ecdsa-p384"] = "ecdsa_secp384r1_sha384",
        ["ecdsa-p521"] = "ecdsa_secp521r1_sha512",
        ["ed25519"] = "ed25519",
        ["ed448"] = "ed448",
        ["ml-dsa-44"] = "mldsa44",
        ["ml-dsa-65"] = "mldsa65",
        ["ml-dsa-87"] = "mldsa87",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The scheme by which a key of the decision's name is known; null where there is none.</summary>
    public static string? Of(string algorithm) => ByAlgorithm.GetValueOrDefault(algorithm);
}
