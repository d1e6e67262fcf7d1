using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Engine.Tests.Lattice;

/// <summary>The truth tables of DESIGN section 3, and the laws that let everything apply in any order.</summary>
internal sealed class MeetTests
{
    [TestCase("suites", "TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256")]
    [TestCase("suites", "TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256")]
    [TestCase("versions", "TLS1.2, TLS1.3", "TLS1.3, DTLS1.3", "TLS1.3")]
    [TestCase("resumption", "permitted", "forbidden", "forbidden")]
    [TestCase("early-data", "forbidden", "permitted", "forbidden")]
    [TestCase("session-lifetime", "8h", "1h", "1h")]
    [TestCase("fresh-for", "10m", "1h", "10m")]
    [TestCase("mutual", "optional", "required", "required")]
    [TestCase("methods", "psk, x509", "x509", "x509")]
    [TestCase("key-protection", "tee", "secure-element", "secure-element")]
    [TestCase("key-protection", "hsm", "software", "hsm")]
    [TestCase("attestation", "1d", "2h", "2h")]
    [TestCase("revocation", "soft", "hard", "hard")]
    [TestCase("capabilities", "read, write", "write, admin", "write")]
    [TestCase("lifetime", "30d", "1d", "1d")]
    [TestCase("renew-at", "2/3", "1/2", "1/2")]
    [TestCase("spread", "10%", "20%", "20%")]
    [TestCase("rekey", "required", "optional", "required")]
    [TestCase("rotate-now", "false", "true", "true")]
    public void The_strictest_wins(string field, string left, string right, string expected)
    {
        (DecisionKind kind, Field found) = Find(field);
        Outcome met = Of(kind, found, left).Meet(Of(kind, found, right));
        Assert.That(met[found]!.ToString(), Is.EqualTo(expected));
    }

    [Test]
    public void What_one_side_leaves_open_the_other_decides()
    {
        Outcome one = Of(DecisionKind.Rotation, Field.Lifetime, "1d"), other = Of(DecisionKind.Rotation, Field.Overlap, "1h");
        Assert.That(one.Meet(other).ToString(), Is.EqualTo("{ lifetime 1d  overlap 1h }"));
    }

    [Test]
    public void A_denial_meets_everything_in_a_denial_and_keeps_both_reasons()
    {
        Outcome denial = Outcome.Deny(DecisionKind.Auth, "retired"), use = Of(DecisionKind.Auth, Field.Methods, "x509");
        Assert.That(use.Meet(denial).IsDenied, Is.True);
        Assert.That(denial.Meet(Outcome.Deny(DecisionKind.Auth, "quarantined")).Denial, Is.EqualTo("retired; quarantined"));
    }

    [Test]
    public void Meets_are_idempotent_and_do_not_depend_on_grouping_and_but_for_the_order_of_names_on_sides() => SeededProperty.Holds(300, random =>
    {
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Outcome a = Random(random, kind), b = Random(random, kind), c = Random(random, kind);
            Assert.That(a.Meet(a), Is.EqualTo(a));
            Assert.That(a.Meet(b).Meet(c), Is.EqualTo(a.Meet(b.Meet(c))));
            Assert.That(Unordered(a.Meet(b)), Is.EqualTo(Unordered(b.Meet(a))));
        }
    });

    [Test]
    public void Every_field_is_met_by_a_row_of_the_truth_table()
    {
        IEnumerable<string> tested = typeof(MeetTests).GetMethod(nameof(The_strictest_wins))!.GetCustomAttributes(typeof(TestCaseAttribute), false)
            .Cast<TestCaseAttribute>().Select(row => (string)row.Arguments[0]!);
        string[] alike = ["groups", "signatures", "key-algorithms", "revocation-within", "reauthenticate", "key-lifetime", "overlap", "offline-grace", "usable-for"];
        Assert.That(DecisionKinds.All.SelectMany(kind => Field.Of(kind)).Select(field => field.Name).Distinct().Except(alike), Is.EquivalentTo(tested.Distinct()),
            "a new field needs a row here, or a place among those whose shape has one");
    }

    private static (DecisionKind, Field) Find(string name) =>
        DecisionKinds.All.Select(kind => (kind, Field.Find(kind, name)!)).First(found => found.Item2 is not null);

    private static Outcome Of(DecisionKind kind, Field field, string value) => Outcome.Allow(kind, [(field, Value(field, value))]);

    internal static FieldValue Value(Field field, string text) => field.Shape switch
    {
        FieldShape.NameList => new FieldValue.Names([.. text.Split(", ")]),
        FieldShape.ShortestDuration => DurationText.TryParse(text, out long seconds) ? new FieldValue.Duration(seconds) : throw new FormatException(text),
        FieldShape.Share => Fraction.TryParse(text, out Fraction share) ? new FieldValue.Share(share) : throw new FormatException(text),
        FieldShape.Ladder ladder => ladder.Find(text)!,
        _ => throw new InvalidOperationException(field.Name),
    };

    internal static Outcome Random(Random random, DecisionKind kind) => random.Next(8) == 0
        ? Outcome.Deny(kind, "no")
        : Outcome.Allow(kind, Field.Of(kind).Where(_ => random.Next(3) > 0).Select(field => (field, RandomValue(random, field))));

    private static FieldValue RandomValue(Random random, Field field)
    {
        switch (field.Shape)
        {
            case FieldShape.NameList list:
                string[] names = [.. (list.CodePoints?.Keys ?? ["read", "write", "admin"]).Order(StringComparer.Ordinal).Take(5)];
                random.Shuffle(names);
                return new FieldValue.Names([.. names.Take(random.Next(1, names.Length + 1))]);
            case FieldShape.ShortestDuration:
                return new FieldValue.Duration(random.Next(5));
            case FieldShape.Share:
                Fraction.TryCreate(random.Next(4), 3 + random.Next(2), out Fraction share);
                return new FieldValue.Share(share);
            case FieldShape.Ladder ladder:
                return ladder.Find(ladder.Ranks[random.Next(ladder.Ranks.Length)])!;
            default:
                throw new InvalidOperationException(field.Name);
        }
    }

    private static string Unordered(Outcome outcome) => outcome.IsDenied ? "deny"
        : string.Join("  ", outcome.Values.Select(v => $"{v.Field.Name} {(v.Value is FieldValue.Names names ? string.Join(", ", names.Items.Order()) : v.Value)}"));
}
