using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PolicyM2M.X509.Revocation;

/// <summary>
/// Reads revocation lists (RFC 5280, section 5), in PEM or DER. A list that says what is not understood here (a delta, a part of a list, a list about the certificates of others)
/// is not used at all, as the RFC demands of critical extensions.
/// </summary>
internal static class RevocationListReader
{
    private const string Label = "X509 CRL";
    private const string AuthorityKeyIdentifier = "2.5.29.35";
    private const string CrlNumber = "2.5.29.20";
    private const int Version2 = 1;

    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag KeyIdTag = new(TagClass.ContextSpecific, 0);

    /// <summary>The lists of a file.</summary>
    /// <exception cref="FormatException">It holds none, or one that cannot be used.</exception>
    public static IReadOnlyList<RevocationList> Read(byte[] file)
    {
        try
        {
            if (file is [0x30, ..])
                return [ReadOne(file)];
            string text = Encoding.Latin1.GetString(file);
            List<RevocationList> lists = [];
            int at = 0;
            while (PemEncoding.TryFind(text.AsSpan(at), out PemFields fields))
            {
                if (text.AsSpan(at)[fields.Label].SequenceEqual(Label))
                    lists.Add(ReadOne(Convert.FromBase64String(text.AsSpan(at)[fields.Base64Data].ToString())));
                at += fields.Location.End.Value;
            }
            return lists.Count > 0 ? lists : throw new FormatException($"it holds no revocation list: expected DER, or PEM with `BEGIN {Label}`");
        }
        catch (Exception fault) when (fault is AsnContentException or CryptographicException or ArgumentException)
        {
            throw new FormatException($"it is no revocation list: {fault.Message}", fault);
        }
    }

    private static RevocationList ReadOne(byte[] encoded)
    {
        var outer = new AsnReader(encoded, AsnEncodingRules.DER);
        AsnReader list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ReadOnlyMemory<byte> signed = list.PeekEncodedValue();
        AsnReader content = list.ReadSequence();
        ReadOnlyMemory<byte> algorithm = list.ReadEncodedValue();
        byte[] signature = list.ReadBitString(out int unused);
        list.ThrowIfNotEmpty();

        if (content.PeekTag().HasSameClassAndValue(Asn1Tag.Integer) && (!content.TryReadInt32(out int version) || version != Version2))
            throw new FormatException("it is of an unknown version");
        // What was signed names the algorithm too: otherwise one could be put in the place of another.
        if (!content.ReadEncodedValue().Span.SequenceEqual(algorithm.Span) || unused != 0)
            throw new FormatException("it names two algorithms for its signature");
        if (CrlSignature.Algorithm(algorithm) is not { } known)
            throw new FormatException("it is signed by an algorithm that is not accepted: expected RSA or ECDSA with SHA-256, SHA-384 or SHA-512");
        byte[] issuer = content.ReadEncodedValue().ToArray();
        DateTimeOffset thisUpdate = ReadTime(content);
        if (!content.HasData || !IsTime(content.PeekTag()))
            throw new FormatException("it does not say when the next comes (nextUpdate)");
        DateTimeOffset nextUpdate = ReadTime(content);
        FrozenSet<string> revoked = content.HasData && content.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? ReadRevoked(content.ReadSequence()) : [];
        (string? keyId, BigInteger number) = content.HasData ? ReadExtensions(content.ReadSequence(ExtensionsTag).ReadSequence()) : (null, 0);
        content.ThrowIfNotEmpty();
        return new RevocationList(Convert.ToHexString(issuer), new X500DistinguishedName(issuer).Name, keyId, number, thisUpdate, nextUpdate, revoked,
            new CrlSignature(signed.ToArray(), known.Hash, known.Padding, signature));
    }

    private static FrozenSet<string> ReadRevoked(AsnReader entries)
    {
        HashSet<string> serials = new(StringComparer.Ordinal);
        while (entries.HasData)
        {
            AsnReader entry = entries.ReadSequence();
            serials.Add(RevocationList.Serial(Convert.ToHexString(entry.ReadIntegerBytes().Span)));
            ReadTime(entry);
            // Why it was revoked is no matter here; whose certificate it is, were it another issuer's, would be.
            if (entry.HasData)
                ReadExtensions(entry.ReadSequence());
        }
        return serials.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Goes through extensions and refuses critical ones; returns the key id of the authority and the number of the list where they are there.</summary>
    private static (string? KeyId, BigInteger Number) ReadExtensions(AsnReader extensions)
    {
        string? keyId = null;
        BigInteger number = 0;
        while (extensions.HasData)
        {
            AsnReader extension = extensions.ReadSequence();
            string type = extension.ReadObjectIdentifier();
            bool isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            byte[] value = extension.ReadOctetString();
            if (type == AuthorityKeyIdentifier)
            {
                AsnReader identifier = new AsnReader(value, AsnEncodingRules.DER).ReadSequence();
                if (identifier.HasData && identifier.PeekTag().HasSameClassAndValue(KeyIdTag))
                    keyId = Convert.ToHexString(identifier.ReadOctetString(KeyIdTag));
            }
            else if (type == CrlNumber)
                number = new AsnReader(value, AsnEncodingRules.DER).ReadInteger();
            else if (isCritical)
                throw new FormatException($"it has the critical extension {type}: deltas, parts of lists and lists about other issuers' certificates are not used");
        }
        return (keyId, number);
    }

    private static bool IsTime(Asn1Tag tag) => tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
