using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Devices;

/// <summary>What a decision point does, in the same process and at any moment: decides, signs, and states what the registry says.</summary>
internal sealed class SimulatedPdp(Bundle bundle, DateTimeOffset began)
{
    /// <summary>Where it would be asked, if anybody could: a device forgets the keys of whoever is not among its endpoints.</summary>
    public static readonly Uri Address = new("https://127.0.0.1:1");

    private static readonly TimeSpan StatementFresh = TimeSpan.FromHours(1), StatementValid = TimeSpan.FromDays(7);

    /// <summary>A watch tells the next statement when the last is so old, at the earliest and at the latest: see the decision point's SigningTimes.</summary>
    private const int ToldAfterMinutes = 30, ToldBeforeMinutes = 40;

    private readonly Decider _decider = new(bundle);
    private readonly DecisionPath _path = new();
    private readonly Random _spread = new(1);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Bundle Bundle => bundle;

    public RevisionId Revision { get; } = new("1111", bundle.Hash);

    public PinnedKeys Keys
    {
        get
        {
            byte[] known = _key.ExportSubjectPublicKeyInfo();
            return PinnedKeys.None.With(Address.ToString(), [new V1.SigningKey { KeyId = Signing.KeyId(known), PublicKey = ByteString.CopyFrom(known), NotBefore = began.AddYears(-1).ToTimestamp(), NotAfter = began.AddYears(100).ToTimestamp() }]);
        }
    }

    /// <summary>The decision alone.</summary>
    public Decision Decide(DecisionKind kind, DeviceContext claims, DeviceContext registered, DateTimeOffset now) =>
        _decider.Decide(kind, _decider.Prepare(DeviceContext.Of([.. claims.Values, .. registered.Values])), now, _path);

    /// <summary>The whole answer, as a device takes it in.</summary>
    public Answer Answer(DeviceContext claims, DeviceContext registered, string device, DateTimeOffset now)
    {
        var kept = new List<KeptDecision>();
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Decision decision = Decide(kind, claims, registered, now);
            V1.SignedPayload signed = Sign(SignedKind.Decision, WireMapping.ToWire(decision, Revision, now, region: _path.Region()));
            ReceivedDecision received = WireMapping.FromWire(V1.Decision.Parser.ParseFrom(signed.Payload));
            DateTimeOffset denied = now + Asking.DenialsAreKept;
            kept.Add(new KeptDecision(signed, received, isVerified: true) { FreshUntil = decision.Outcome.IsDenied ? denied : received.FreshUntil, UsableUntil = decision.Outcome.IsDenied ? denied : received.UsableUntil });
        }
        return new Answer([.. kept], State(registered, device, now), [.. bundle.NeededAttributes]);
    }

    /// <summary>What it states of a device, as the device holds it.</summary>
    public HeldStatement State(DeviceContext registered, string device, DateTimeOffset now)
    {
        V1.SignedPayload statement = Sign(SignedKind.DeviceStatement, new V1.DeviceStatement
        {
            DeviceId = device,
            Attributes = { registered.Values.Select(value => new V1.NamedValue { Name = value.Key, Value = WireMapping.ToWire(value.Value) }) },
            IssuedAt = now.ToTimestamp(),
            FreshUntil = (now + StatementFresh).ToTimestamp(),
            ValidUntil = (now + StatementValid).ToTimestamp(),
        });
        return new HeldStatement(statement, ReceivedStatement.Unverified(statement), now + StatementFresh, now + StatementValid, IsVerified: true);
    }

    /// <summary>When a watch tells a device the next statement, whatever happens: another moment for each.</summary>
    public DateTimeOffset NextTold(HeldStatement statement) => statement.Says.IssuedAt.AddMinutes(_spread.Next(ToldAfterMinutes, ToldBeforeMinutes + 1));

    /// <summary>The bundle, vouched for.</summary>
    public HeldBundle Vouched(DateTimeOffset now)
    {
        V1.SignedPayload signed = Sign(SignedKind.BundleStatement, new V1.BundleStatement { Revision = WireMapping.ToWire(Revision), Length = 1, IssuedAt = now.ToTimestamp(), ValidUntil = now.AddYears(1).ToTimestamp() });
        return new HeldBundle(bundle, signed, Keys.Trusted.BundleStatement(signed), now.AddYears(1));
    }

    private V1.SignedPayload Sign(SignedKind kind, IMessage message) => Signing.Sign(kind, message.ToByteString(), _key, Signing.KeyId(_key.ExportSubjectPublicKeyInfo()));
}
