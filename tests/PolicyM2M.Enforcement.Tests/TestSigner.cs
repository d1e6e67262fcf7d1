using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A signing key of a decision point.</summary>
internal sealed class TestSigner(TimeProvider time)
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DateTimeOffset _began = time.GetUtcNow();

    public string KeyId => Signing.KeyId(_key.ExportSubjectPublicKeyInfo());

    public TrustedKeys Trusted => TrustedKeys.Of(Published().Keys);

    public V1.GetSigningKeysResponse Published() => new()
    {
        Keys =
        {
            new V1.SigningKey
            {
                KeyId = KeyId,
                PublicKey = ByteString.CopyFrom(_key.ExportSubjectPublicKeyInfo()),
                NotBefore = _began.AddYears(-1).ToTimestamp(),
                NotAfter = _began.AddYears(1).ToTimestamp(),
            },
        },
    };

    public V1.SignedPayload Sign(SignedKind kind, IMessage message)
    {
        lock (_key)
            return Signing.Sign(kind, message.ToByteString(), _key, KeyId);
    }
}
