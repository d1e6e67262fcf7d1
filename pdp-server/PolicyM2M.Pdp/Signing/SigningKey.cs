using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace PolicyM2M.Pdp.Signing;

/// <summary>A key of the decision point's.</summary>
/// <param name="PublicKey">Its SubjectPublicKeyInfo.</param>
/// <param name="NotBefore">Nothing that it signed is of before: a little earlier than it began to sign.</param>
/// <param name="NotAfter">From then on nothing that it signed can be used.</param>
internal sealed record SigningKey(ImmutableArray<byte> PublicKey, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    public string Id { get; } = Wire.Signing.KeyId(PublicKey.AsSpan());

    /// <summary>From then on the next key signs.</summary>
    public DateTimeOffset SignsUntil => NotBefore + SigningTimes.KeyLead + SigningTimes.KeySigns;

    public static SigningKey Of(ECDsa key, DateTimeOffset now) => new([.. key.ExportSubjectPublicKeyInfo()], now - SigningTimes.KeyLead, now + SigningTimes.KeyVerifies);

    public Wire.V1.SigningKey ToWire() => new()
    {
        KeyId = Id,
        PublicKey = ByteString.CopyFrom(PublicKey.AsSpan()),
        NotBefore = NotBefore.ToTimestamp(),
        NotAfter = NotAfter.ToTimestamp(),
    };
}
