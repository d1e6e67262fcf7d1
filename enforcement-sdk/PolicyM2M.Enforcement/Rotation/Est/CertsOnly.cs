using System.Formats.Asn1;

namespace PolicyM2M.Enforcement.Rotation.Est;

/// <summary>
/// Certificates in PKCS #7: a SignedData that nobody signed and that holds nothing but certificates (RFC 5272, 4.1; RFC 5652, 5.1), as EST sends them. Only what is
/// needed of it is read, and in its place.
/// </summary>
internal static class CertsOnly
{
    private const string SignedData = "1.2.840.113549.1.7.2";

    private static readonly Asn1Tag Content = new(TagClass.ContextSpecific, 0), Certificates = new(TagClass.ContextSpecific, 0, isConstructed: true), Lists = new(TagClass.ContextSpecific, 1, isConstructed: true);

    /// <summary>The certificates, in the order of the message.</summary>
    /// <param name="encoded">The message, in BER: issuers do not all write DER.</param>
    /// <param name="most">How many there may be.</param>
    /// <exception cref="InvalidDataException">It is something else, is damaged, is signed, or holds too many.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> encoded, int most)
    {
        try
        {
            var whole = new AsnReader(encoded, AsnEncodingRules.BER);
            AsnReader info = whole.ReadSequence();
            whole.ThrowIfNotEmpty();
            if (info.ReadObjectIdentifier() is var type && type != SignedData)
                throw new InvalidDataException($"it is of the type {type} and not signed-data");
            AsnReader data = info.ReadSequence(Content).ReadSequence();
            info.ThrowIfNotEmpty();
            _ = data.ReadInteger();
            _ = data.ReadSetOf();
            _ = data.ReadSequence();
            var found = new List<ReadOnlyMemory<byte>>();
            if (data.HasData && data.PeekTag().HasSameClassAndValue(Certificates))
            {
                for (AsnReader certificates = data.ReadSetOf(skipSortOrderValidation: true, Certificates); certificates.HasData;)
                    found.Add(certificates.ReadEncodedValue());
            }
            if (data.HasData && data.PeekTag().HasSameClassAndValue(Lists))
                _ = data.ReadEncodedValue();
            if (data.ReadSetOf().HasData)
                throw new InvalidDataException("it is signed, and certs-only is not");
            data.ThrowIfNotEmpty();
            return found.Count <= most ? found : throw new InvalidDataException($"it holds {found.Count} certificates, and {most} are the most that are taken");
        }
        catch (AsnContentException malformed)
        {
            throw new InvalidDataException($"it is no PKCS #7: {malformed.Message}", malformed);
        }
    }
}
