using System.Collections.Frozen;
using System.Numerics;

namespace PolicyM2M.X509.Revocation;

/// <summary>A complete list of the certificates that one authority has revoked (RFC 5280, section 5). Immutable but for remembered results; safe for all threads.</summary>
/// <param name="Issuer">The authority's name, as encoded, in hexadecimal digits.</param>
/// <param name="IssuerText">The same to read.</param>
/// <param name="KeyId">Which of its keys signed it; null where the list does not say.</param>
/// <param name="Number">Which of its lists it is; 0 where the list does not say.</param>
/// <param name="ThisUpdate">From when it speaks.</param>
/// <param name="NextUpdate">By when the next was to come.</param>
/// <param name="Revoked">The serial numbers, in hexadecimal digits.</param>
/// <param name="Signature">Its signature.</param>
internal sealed record RevocationList(
    string Issuer, string IssuerText, string? KeyId, BigInteger Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, FrozenSet<string> Revoked, CrlSignature Signature)
{
    /// <summary>More keys than share the name of one authority. Beyond, the oldest answer is found out again.</summary>
    private const int MostRemembered = 16;

    /// <summary>
    /// The keys that were asked about: every handshake and every look of a monitor asks again, and the list does not change. To find that a key did not sign it takes as long as to find that one did.
    /// Replaced whole; of two threads that find something out at once, one forgets.
    /// </summary>
    private volatile Answer[] _answers = [];

    /// <summary>Whether an authority of this list's issuer's name has signed it.</summary>
    public bool IsSignedBy(CrlIssuer issuer)
    {
        if (!issuer.MaySign)
            return false;
        Answer[] answers = _answers;
        foreach (Answer known in answers)
        {
            if (known.Key.AsSpan().SequenceEqual(issuer.Key))
                return known.HasSigned;
        }
        bool hasSigned = Signature.IsOf(issuer.Key);
        _answers = [new Answer(issuer.Key, hasSigned), .. answers.Take(MostRemembered - 1)];
        return hasSigned;
    }

    /// <summary>Whether it may be of another key than this authority's: an authority that changes its key has two lists for a while.</summary>
    public bool IsOfAnotherKey(CrlIssuer issuer) => KeyId is not null && issuer.KeyId is not null && KeyId != issuer.KeyId;

    /// <summary>One spelling for a serial number: without the zeros that only say that it is positive.</summary>
    public static string Serial(string hexadecimal)
    {
        string trimmed = hexadecimal.TrimStart('0');
        return trimmed.Length == 0 ? "0" : trimmed;
    }

    private sealed record Answer(byte[] Key, bool HasSigned);
}
