using System.Security.Cryptography;
using Google.Protobuf;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace PolicyM2M.Wire.Tests;

internal sealed class SigningTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly string KeyId = Signing.KeyId(Key.ExportSubjectPublicKeyInfo());
    private static readonly Region Everywhere = Region.Of(new RegionParts([], []));

    [OneTimeTearDown]
    public void Forget() => Key.Dispose();

    private static V1.SigningKey Published(ECDsa key) => new()
    {
        KeyId = Signing.KeyId(key.ExportSubjectPublicKeyInfo()),
        PublicKey = ByteString.CopyFrom(key.ExportSubjectPublicKeyInfo()),
        NotBefore = Timestamp.FromDateTimeOffset(Now.AddDays(-1)),
        NotAfter = Timestamp.FromDateTimeOffset(Now.AddDays(1)),
    };

    private static TrustedKeys Trusted => TrustedKeys.Of([Published(Key)]);

    private static V1.Decision Decision(Region? region)
    {
        Outcome outcome = Outcome.Allow(DecisionKind.Auth, [(Field.Methods, new FieldValue.Names(["x509"])), (Field.FreshFor, new FieldValue.Duration(60)), (Field.UsableFor, new FieldValue.Duration(3600))]);
        return WireMapping.ToWire(new Decision(outcome, []), new RevisionId("c0ffee", "beef"), Now, until: null, region);
    }

    private static V1.SignedPayload Signed(SignedKind kind, IMessage message) => Signing.Sign(kind, message.ToByteString(), Key, KeyId);

    private static V1.DeviceStatement Statement => new()
    {
        DeviceId = "pump-1",
        Attributes = { new V1.NamedValue { Name = "location.site", Value = new V1.AttributeValue { Text = "plant-7" } }, new V1.NamedValue { Name = "posture.risk", Value = new V1.AttributeValue { Integer = 3 } } },
        IssuedAt = Timestamp.FromDateTimeOffset(Now),
        ValidUntil = Timestamp.FromDateTimeOffset(Now.AddHours(1)),
    };

    [Test]
    public void What_is_signed_is_read_by_who_trusts_the_key()
    {
        Assert.That(Trusted.Decision(Signed(SignedKind.Decision, Decision(Everywhere))).Region!.ToString(), Is.EqualTo("everywhere"));
        ReceivedStatement statement = Trusted.Statement(Signed(SignedKind.DeviceStatement, Statement));
        Assert.That((statement.DeviceId, statement.ValidUntil, statement.Attributes.Values["posture.risk"].Integer), Is.EqualTo(("pump-1", Now.AddHours(1), 3)));
    }

    [Test]
    public void No_bit_of_payload_or_signature_can_be_changed()
    {
        V1.SignedPayload signed = Signed(SignedKind.Decision, Decision(Everywhere));
        for (int i = 0; i < signed.Payload.Length + signed.Signature.Length; i++)
        {
            V1.SignedPayload changed = signed.Clone();
            if (i < signed.Payload.Length)
                changed.Payload = Changed(signed.Payload, i);
            else
                changed.Signature = Changed(signed.Signature, i - signed.Payload.Length);
            Assert.That(() => Trusted.Decision(changed), Throws.TypeOf<WireException>());
        }
    }

    private static IEnumerable<(string Name, Func<object> Use)> Refused =>
    [
        ("a decision for a statement", () => Trusted.Statement(Signed(SignedKind.Decision, Decision(Everywhere)))),
        ("a statement for a decision", () => Trusted.Decision(Signed(SignedKind.DeviceStatement, Statement))),
        ("a decision signed as a statement", () => Trusted.Decision(Signed(SignedKind.DeviceStatement, Decision(Everywhere)))),
        ("a decision without a region", () => Trusted.Decision(Signed(SignedKind.Decision, Decision(null)))),
        ("no keys", () => TrustedKeys.None.Decision(Signed(SignedKind.Decision, Decision(Everywhere)))),
        ("no message", () => Trusted.Decision(Signing.Sign(SignedKind.Decision, ByteString.CopyFrom(0xFF, 0xFF), Key, KeyId))),
        ("a shorter signature", () => Trusted.Decision(Altered(s => s.Signature = ByteString.CopyFrom(s.Signature.Span[..63])))),
        ("no signature", () => Trusted.Decision(Altered(s => s.Signature = ByteString.Empty))),
        ("the name of another key", () => Trusted.Decision(Altered(s => s.KeyId = new string('0', 64)))),
        ("a key that was not valid yet", () => TrustedKeys.Of([With(k => k.NotBefore = Timestamp.FromDateTimeOffset(Now.AddSeconds(1)))]).Decision(Altered(_ => { }))),
        ("a key that ends before the decision", () => TrustedKeys.Of([With(k => k.NotAfter = Timestamp.FromDateTimeOffset(Now.AddMinutes(59)))]).Decision(Altered(_ => { }))),
        ("a key under another name", () => TrustedKeys.Of([With(k => k.KeyId = new string('0', 64))])),
        ("a key without times", () => TrustedKeys.Of([With(k => k.NotAfter = null)])),
        ("a key that is none", () => TrustedKeys.Of([Renamed(ByteString.CopyFrom(1, 2, 3))])),
        ("a key with something behind it", () => TrustedKeys.Of([Renamed(ByteString.CopyFrom([.. Key.ExportSubjectPublicKeyInfo(), 0]))])),
        ("a key on another curve", () => TrustedKeys.Of([Published(ECDsa.Create(ECCurve.NamedCurves.nistP384))])),
        ("a statement of nobody", () => Trusted.Statement(Signed(SignedKind.DeviceStatement, new V1.DeviceStatement { IssuedAt = Timestamp.FromDateTimeOffset(Now), ValidUntil = Timestamp.FromDateTimeOffset(Now) }))),
        ("a statement of all times", () => Trusted.Statement(Signed(SignedKind.DeviceStatement, new V1.DeviceStatement { DeviceId = "x", IssuedAt = Timestamp.FromDateTimeOffset(Now), ValidUntil = Timestamp.FromDateTimeOffset(Now.AddYears(9)) }))),
        ("a statement that says one thing twice", () => Trusted.Statement(Signed(SignedKind.DeviceStatement, Twice()))),
    ];

    [TestCaseSource(nameof(Refused))]
    public void What_does_not_hold_is_refused((string Name, Func<object> Use) attempt) => Assert.That(() => attempt.Use(), Throws.TypeOf<WireException>(), attempt.Name);

    [Test]
    public void A_statement_wins_over_what_the_device_says_and_what_it_may_not_say_counts_for_nothing()
    {
        AttributeScale Of(string name, Provenance provenance) => new(new AttributeDefinition(name, AttributeType.Int, provenance, "", null, null, []), [], false);
        var region = Region.Of(new RegionParts([Of("a", Provenance.Claimed), Of("b", Provenance.Registry), Of("posture.risk", Provenance.Registry)],
            [new RegionTest(RegionSubject.Value, 0, 0, "", [(1, 1)]), new RegionTest(RegionSubject.Value, 1, 0, "", null), new RegionTest(RegionSubject.Value, 2, 0, "", [(3, 3)])]));
        DeviceContext claims = DeviceContext.Of([new("a", AttributeValue.Of(1L)), new("b", AttributeValue.Of(1L)), new("posture.risk", AttributeValue.Of(0L))]);
        DeviceContext context = Trusted.Statement(Signed(SignedKind.DeviceStatement, Statement)).ContextFor(region, claims);
        Assert.That(region.Contains(region.Prepare(context), Now), Is.True);
        Assert.That(region.Contains(region.Prepare(claims), Now), Is.False);
    }

    private static V1.DeviceStatement Twice()
    {
        V1.DeviceStatement statement = Statement;
        statement.Attributes.Add(statement.Attributes[1].Clone());
        return statement;
    }

    private static V1.SignedPayload Altered(Action<V1.SignedPayload> alter)
    {
        V1.SignedPayload signed = Signed(SignedKind.Decision, Decision(Everywhere));
        alter(signed);
        return signed;
    }

    private static V1.SigningKey With(Action<V1.SigningKey> change)
    {
        V1.SigningKey key = Published(Key);
        change(key);
        return key;
    }

    private static V1.SigningKey Renamed(ByteString publicKey) => With(key =>
    {
        key.PublicKey = publicKey;
        key.KeyId = Signing.KeyId(publicKey.Span);
    });

    private static ByteString Changed(ByteString bytes, int at)
    {
        byte[] changed = bytes.ToByteArray();
        changed[at] ^= 1;
        return ByteString.CopyFrom(changed);
    }
}
