using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Tls.Review;

/// <summary>The key of a certificate, as the lattice and TLS name it.</summary>
/// <param name="Algorithm">The lattice's name, such as <c>ecdsa-p256</c>; null for a key that it has no name for. An RSA key between two sizes counts as the smaller.</param>
/// <param name="RsaBits">The length of an RSA key; null for other keys.</param>
/// <param name="Schemes">The schemes with which it can sign a TLS 1.3 handshake (RFC 8446, section 4.2.3).</param>
internal sealed record CertificateKey(string? Algorithm, int? RsaBits, ImmutableArray<string> Schemes)
{
    private const string EllipticCurve = "1.2.840.10045.2.1", Rsa = "1.2.840.113549.1.1.1", RsaPss = "1.2.840.113549.1.1.10";

    /// <summary>Reads the key's type from the certificate. Never throws: a key that is not understood has no name.</summary>
    public static CertificateKey Of(X509Certificate2 certificate)
    {
        PublicKey key = certificate.PublicKey;
        try
        {
            return key.Oid.Value switch
            {
                EllipticCurve => OnCurve(new AsnReader(key.EncodedParameters?.RawData ?? [], AsnEncodingRules.DER).ReadObjectIdentifier()),
                Rsa => OfRsa(key, "rsa_pss_rsae_"),
                RsaPss => OfRsa(key, "rsa_pss_pss_"),
                "1.3.101.112" => new("ed25519", null, ["ed25519"]),
                "1.3.101.113" => new("ed448", null, ["ed448"]),
                "2.16.840.1.101.3.4.3.17" => new("ml-dsa-44", null, ["mldsa44"]),
                "2.16.840.1.101.3.4.3.18" => new("ml-dsa-65", null, ["mldsa65"]),
                "2.16.840.1.101.3.4.3.19" => new("ml-dsa-87", null, ["mldsa87"]),
                _ => new(null, null, []),
            };
        }
        catch (Exception fault) when (fault is AsnContentException or CryptographicException)
        {
            return new(null, null, []);
        }
    }

    /// <summary>The key in words.</summary>
    public override string ToString() => RsaBits is { } bits ? $"RSA with {bits} bits" : Algorithm ?? "of a kind without a name here";

    private static CertificateKey OnCurve(string curve) => curve switch
    {
        "1.2.840.10045.3.1.7" => new("ecdsa-p256", null, ["ecdsa_secp256r1_sha256"]),
        "1.3.132.0.34" => new("ecdsa-p384", null, ["ecdsa_secp384r1_sha384"]),
        "1.3.132.0.35" => new("ecdsa-p521", null, ["ecdsa_secp521r1_sha512"]),
        "1.3.36.3.3.2.8.1.1.7" => new(null, null, ["ecdsa_brainpoolP256r1tls13_sha256"]),
        "1.3.36.3.3.2.8.1.1.11" => new(null, null, ["ecdsa_brainpoolP384r1tls13_sha384"]),
        "1.3.36.3.3.2.8.1.1.13" => new(null, null, ["ecdsa_brainpoolP512r1tls13_sha512"]),
        _ => new(null, null, []),
    };

    private static CertificateKey OfRsa(PublicKey key, string family)
    {
        byte[] modulus = new AsnReader(key.EncodedKeyValue.RawData, AsnEncodingRules.DER).ReadSequence().ReadIntegerBytes().ToArray();
        int bits = (int)new System.Numerics.BigInteger(modulus, isUnsigned: true, isBigEndian: true).GetBitLength();
        string? name = bits >= 4_096 ? "rsa-4096" : bits >= 3_072 ? "rsa-3072" : bits >= 2_048 ? "rsa-2048" : null;
        return new(name, bits, [$"{family}sha256", $"{family}sha384", $"{family}sha512"]);
    }
}
