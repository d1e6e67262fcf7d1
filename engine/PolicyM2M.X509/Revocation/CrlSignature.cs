using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.X509.Revocation;

/// <summary>The signature of a revocation list: over what, by which algorithm, and the bytes.</summary>
internal sealed record CrlSignature(byte[] Signed, HashAlgorithmName Hash, RSASignaturePadding? Padding, byte[] Value)
{
    private const string Rsa = "1.2.840.113549.1.1.", Ecdsa = "1.2.840.10045.4.3.";
    private const string RsaPss = "1.2.840.113549.1.1.10";
    private const string Sha2 = "2.16.840.1.101.3.4.2.";

    /// <summary>The hash and, for RSA, the padding that an AlgorithmIdentifier means; null where it is none that is accepted (SHA-1 and older are not).</summary>
    public static (HashAlgorithmName Hash, RSASignaturePadding? Padding)? Algorithm(ReadOnlyMemory<byte> identifier)
    {
        AsnReader reader = new AsnReader(identifier, AsnEncodingRules.DER).ReadSequence();
        string oid = reader.ReadObjectIdentifier();
        return oid switch
        {
            Rsa + "11" => (HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            Rsa + "12" => (HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            Rsa + "13" => (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            RsaPss when PssHash(reader) is { } hash => (hash, RSASignaturePadding.Pss),
            Ecdsa + "2" => (HashAlgorithmName.SHA256, null),
            Ecdsa + "3" => (HashAlgorithmName.SHA384, null),
            Ecdsa + "4" => (HashAlgorithmName.SHA512, null),
            _ => null,
        };
    }

    /// <summary>Whether this key (SubjectPublicKeyInfo) made it.</summary>
    public bool IsOf(byte[] key)
    {
        try
        {
            PublicKey publicKey = PublicKey.CreateFromSubjectPublicKeyInfo(key, out _);
            if (Padding is null)
            {
                using ECDsa? ecdsa = publicKey.GetECDsaPublicKey();
                return ecdsa is not null && ecdsa.VerifyData(Signed, Value, Hash, DSASignatureFormat.Rfc3279DerSequence);
            }
            using RSA? rsa = publicKey.GetRSAPublicKey();
            return rsa is not null && rsa.VerifyData(Signed, Value, Hash, Padding);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or NotSupportedException)
        {
            // A key of a kind that cannot have signed this way.
            return false;
        }
    }

    /// <summary>The hash of RSASSA-PSS-params (RFC 4055, section 3.1); that the salt is as long as the hash, the verification asks.</summary>
    private static HashAlgorithmName? PssHash(AsnReader identifier)
    {
        var hashTag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        AsnReader parameters = identifier.ReadSequence();
        if (!parameters.HasData || !parameters.PeekTag().HasSameClassAndValue(hashTag))
            return null;
        return parameters.ReadSequence(hashTag).ReadSequence().ReadObjectIdentifier() switch
        {
            Sha2 + "1" => HashAlgorithmName.SHA256,
            Sha2 + "2" => HashAlgorithmName.SHA384,
            Sha2 + "3" => HashAlgorithmName.SHA512,
            _ => null,
        };
    }
}
