using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Wire.Tests;

internal sealed class WireMappingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);
    private static readonly RevisionId Revision = new("c0ffee", "beef");

    private static IEnumerable<TestCaseData> FieldValues => DecisionKinds.All.SelectMany(kind => Field.Of(kind)
        .SelectMany(f => ValuesOf(f).Select(value => new TestCaseData(kind, f.Name, value).SetArgDisplayNames(kind.Name(), f.Name, value.ToString()!))));

    [TestCaseSource(nameof(FieldValues))]
    public void Every_value_of_every_field_comes_over_as_it_is(DecisionKind kind, string fieldName, FieldValue value)
    {
        Field field = Field.Find(kind, fieldName)!;
        Outcome outcome = Outcome.Allow(kind, Field.Of(kind).Where(f => f.MustBeStated || f.WhenUnstated is not null).Select(f => (f, f.WhenUnstated ?? ValuesOf(f).First())).Append((field, value)));
        ReceivedDecision received = WireMapping.FromWire(Sent(outcome));
        Assert.That(received.Outcome, Is.EqualTo(outcome));
    }

    [Test]
    public void A_decision_comes_over_with_its_rules_revision_and_times()
    {
        Outcome outcome = Outcome.Allow(DecisionKind.Auth,
            [(Field.Methods, new FieldValue.Names(["x509"])), (Field.FreshFor, new FieldValue.Duration(60)), (Field.UsableFor, new FieldValue.Duration(3600))]);
        var rule = new Rule("p", "auth case 1", new SourcePosition("p.m2m", 3, 5), outcome);
        ReceivedDecision received = WireMapping.FromWire(WireMapping.ToWire(new Decision(outcome, [rule]), Revision, Now));
        Assert.That(received.Rules, Is.EqualTo([new RuleName("p", "auth case 1", "p.m2m", 3, 5)]));
        Assert.That((received.Revision, received.IssuedAt, received.FreshUntil, received.UsableUntil), Is.EqualTo((Revision, Now, Now.AddMinutes(1), Now.AddHours(1))));
    }

    [Test]
    public void What_the_sender_leaves_out_is_at_its_strictest()
    {
        V1.Decision decision = Sent(Outcome.Allow(DecisionKind.Auth, [(Field.Methods, new FieldValue.Names(["x509"]))]));
        decision.Auth.Capabilities = null;
        Assert.That(WireMapping.FromWire(decision).Outcome[Field.Capabilities], Is.EqualTo(new FieldValue.Names([])));
    }

    [Test]
    public void A_denial_comes_over_with_its_reason()
    {
        ReceivedDecision received = WireMapping.FromWire(Sent(Outcome.Deny(DecisionKind.Rotation, "too old")));
        Assert.That((received.Kind, received.Outcome.Denial, received.UsableUntil), Is.EqualTo((DecisionKind.Rotation, "too old", Now)));
    }

    [Test]
    public void Raw_values_come_over_as_they_are()
    {
        foreach (AttributeValue value in new[] { AttributeValue.Of(true), AttributeValue.Of(long.MinValue), AttributeValue.Of(""), AttributeValue.Of("plc") })
            Assert.That(WireMapping.FromWire(WireMapping.ToWire(value)), Is.EqualTo(value));
        Assert.That(() => WireMapping.FromWire(new V1.AttributeValue()), Throws.TypeOf<WireException>());
    }

    private static IEnumerable<(string, Action<V1.Decision>)> Forgeries =>
    [
        ("an unspecified kind", d => d.Kind = V1.DecisionKind.Unspecified),
        ("a kind of the future", d => d.Kind = (V1.DecisionKind)9),
        ("no outcome", d => d.ClearOutcome()),
        ("the outcome of another kind", d => d.Auth = new V1.AuthOutcome { Methods = new V1.NameList { Items = { "x509" } } }),
        ("a suite that does not exist", d => d.CipherSuites.Suites.Items[0].Name = "TLS_AES_512_GCM"),
        ("a suite whose number is another's", d => d.CipherSuites.Suites.Items[0].Value = 0x0005),
        ("a suite twice", d => d.CipherSuites.Suites.Items.Add(d.CipherSuites.Suites.Items[0].Clone())),
        ("a version of the future", d => d.CipherSuites.Versions[0] = (V1.ProtocolVersion)5),
        ("no versions", d => d.CipherSuites.Versions.Clear()),
        ("no suites", d => d.CipherSuites.Suites = null),
        ("an empty list of suites", d => d.CipherSuites.Suites.Items.Clear()),
        ("a level of the future", d => d.CipherSuites.Resumption = (V1.Permission)7),
        ("a negative level", d => d.CipherSuites.EarlyData = (V1.Permission)(-1)),
        ("a negative duration", d => d.CipherSuites.SessionLifetime = new Google.Protobuf.WellKnownTypes.Duration { Seconds = -1 }),
        ("a duration of half a second", d => d.CipherSuites.SessionLifetime = new Google.Protobuf.WellKnownTypes.Duration { Nanos = 500_000_000 }),
        ("no revision", d => d.Revision = null),
        ("no commit", d => d.Revision.CommitId = ""),
        ("no issue time", d => d.IssuedAt = null),
        ("a time that is none", d => d.UsableUntil = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = long.MaxValue }),
        ("usable for longer than it says", d => d.UsableUntil = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = d.IssuedAt.Seconds + 60 }),
        ("usable until the end of time", d => d.UsableUntil = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = 253_402_300_799 }),
        ("usable before it is issued", d => d.UsableUntil = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = 1 }),
    ];

    [TestCaseSource(nameof(Forgeries))]
    public void What_the_contract_does_not_allow_is_refused((string Name, Action<V1.Decision> Forge) forgery)
    {
        V1.Decision decision = Sent(Outcome.Allow(DecisionKind.CipherSuites,
            [(Field.Versions, new FieldValue.Names(["TLS1.3"])), (Field.Suites, new FieldValue.Names(["TLS_AES_128_GCM_SHA256"]))]));
        IsRefused(decision, forgery.Forge, forgery.Name);
    }

    private static IEnumerable<(string, Action<V1.Decision>)> ForgedRotations =>
    [
        ("a share of more than one", d => d.Rotation.RenewAt = new V1.Fraction { Numerator = 4, Denominator = 3 }),
        ("a negative share", d => d.Rotation.Spread = new V1.Fraction { Numerator = -1, Denominator = 3 }),
        ("a share of two negatives", d => d.Rotation.Spread = new V1.Fraction { Numerator = -1, Denominator = -3 }),
        ("a share of nothing", d => d.Rotation.RenewAt = new V1.Fraction { Numerator = 1 }),
        ("a requirement of the future", d => d.Rotation.Rekey = (V1.Requirement)3),
        ("a duration beyond the longest", d => d.Rotation.Lifetime = new Google.Protobuf.WellKnownTypes.Duration { Seconds = DurationText.MaximumSeconds + 1 }),
        ("the outcome of another kind", d => d.CipherSuites = new V1.CipherSuitesOutcome()),
    ];

    [TestCaseSource(nameof(ForgedRotations))]
    public void What_the_contract_does_not_allow_of_a_rotation_is_refused((string Name, Action<V1.Decision> Forge) forgery) =>
        IsRefused(Sent(Outcome.Allow(DecisionKind.Rotation, [(Field.Lifetime, new FieldValue.Duration(60))])), forgery.Forge, forgery.Name);

    private static IEnumerable<(string, Action<V1.Decision>)> ForgedAuths =>
    [
        ("a method that does not exist", d => d.Auth.Methods.Items[0] = "password"),
        ("a method in other letters", d => d.Auth.Methods.Items[0] = "X509"),
        ("no methods", d => d.Auth.Methods = null),
        ("an algorithm that does not exist", d => d.Auth.KeyAlgorithms = new V1.NameList { Items = { "rsa-1024" } }),
        ("a protection of the future", d => d.Auth.KeyProtection = (V1.KeyProtection)6),
        ("a revocation check of the future", d => d.Auth.Revocation = (V1.RevocationCheck)4),
        ("a negative age of evidence", d => d.Auth.AttestationWithin = new Google.Protobuf.WellKnownTypes.Duration { Seconds = -60 }),
        ("a commit id that is no hexadecimal", d => d.Revision.CommitId = "c0ffee\u001b[2J"),
        ("a bundle hash in capitals", d => d.Revision.BundleHash = "BEEF"),
    ];

    [TestCaseSource(nameof(ForgedAuths))]
    public void What_the_contract_does_not_allow_of_an_auth_is_refused((string Name, Action<V1.Decision> Forge) forgery) =>
        IsRefused(Sent(Outcome.Allow(DecisionKind.Auth, [(Field.Methods, new FieldValue.Names(["x509"]))])), forgery.Forge, forgery.Name);

    private static void IsRefused(V1.Decision decision, Action<V1.Decision> forge, string name)
    {
        Assert.That(() => WireMapping.FromWire(decision), Throws.Nothing);
        forge(decision);
        Assert.That(() => WireMapping.FromWire(decision), Throws.TypeOf<WireException>(), name);
    }

    private static V1.Decision Sent(Outcome outcome) => WireMapping.ToWire(new Decision(outcome, []), Revision, Now);

    private static IEnumerable<FieldValue> ValuesOf(Field field)
    {
        switch (field.Shape)
        {
            case FieldShape.NameList list:
                string[] names = [.. (list.CodePoints?.Keys ?? ["read", "write"]).Order(StringComparer.Ordinal)];
                yield return new FieldValue.Names([.. names]);
                yield return new FieldValue.Names([names[1], names[0]]);
                if (list.MayBeEmpty)
                    yield return new FieldValue.Names([]);
                break;
            case FieldShape.ShortestDuration:
                yield return new FieldValue.Duration(0);
                yield return new FieldValue.Duration(DurationText.MaximumSeconds);
                break;
            case FieldShape.Share:
                Fraction.TryCreate(2, 3, out Fraction share);
                yield return new FieldValue.Share(share);
                break;
            case FieldShape.Ladder ladder:
                for (int rank = 0; rank < ladder.Ranks.Length; rank++)
                    yield return new FieldValue.Level(rank, ladder.Ranks[rank]);
                break;
        }
    }
}
