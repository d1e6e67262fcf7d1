using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;

namespace PolicyM2M.Wire;

/// <summary>
/// Signs payloads, and makes the keys known: ECDSA on P-256 with SHA-256 (FIPS 186-5), which the hardware of gateways supports, r and s in 64 bytes (IEEE P1363).
/// </summary>
public static class Signing
{
    internal static readonly ECCurve Curve = ECCurve.NamedCurves.nistP256;

    /// <summary>How a key is called: the SHA-256 of its SubjectPublicKeyInfo (RFC 5280), in lower-case hexadecimal.</summary>
    public static string KeyId(ReadOnlySpan<byte> publicKey) => Convert.ToHexStringLower(SHA256.HashData(publicKey));

    /// <summary>Signs the bytes of a message.</summary>
    public static V1.SignedPayload Sign(SignedKind kind, ByteString payload, ECDsa key, string keyId)
    {
        ArgumentNullException.ThrowIfNull(payload);
        ArgumentNullException.ThrowIfNull(key);
        byte[] signature = key.SignData(Signed(kind, payload.Span), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return new V1.SignedPayload { Payload = payload, Signature = ByteString.CopyFrom(signature), KeyId = keyId };
    }

    /// <summary>What is signed: the name of the message, a zero byte, and the payload.</summary>
    internal static byte[] Signed(SignedKind kind, ReadOnlySpan<byte> payload) => [.. Encoding.ASCII.GetBytes($"policym2m.v1.{kind}"), 0, .. payload];
}
