using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Engine.Tests.Lattice;

/// <summary>Which way an outcome changed.</summary>
internal sealed class DirectionTests
{
    [TestCase("methods x509, psk", "methods x509", Direction.Tighter)]
    [TestCase("methods x509", "methods x509, psk", Direction.Looser)]
    [TestCase("methods x509, psk", "methods psk, x509", Direction.Neither, Description = "an order of preference is no strictness")]
    [TestCase("methods x509", "methods psk", Direction.Both)]
    [TestCase("methods x509", "methods x509; mutual required", Direction.Tighter)]
    [TestCase("methods x509; mutual required", "methods x509", Direction.Looser)]
    [TestCase("methods x509; mutual optional", "methods x509; mutual required", Direction.Tighter)]
    [TestCase("methods x509; reauthenticate 2h", "methods x509; reauthenticate 1h", Direction.Tighter)]
    [TestCase("methods x509; reauthenticate 1h", "methods x509; reauthenticate 2h", Direction.Looser)]
    [TestCase("methods x509; reauthenticate 1h", "methods x509, psk; reauthenticate 30m", Direction.Both)]
    [TestCase("methods x509", "methods x509", Direction.Neither)]
    [TestCase("methods x509", "deny no", Direction.Tighter)]
    [TestCase("deny no", "methods x509", Direction.Looser)]
    [TestCase("deny no", "deny never", Direction.Neither, Description = "a reason is no strictness")]
    public void An_outcome_becomes_another(string before, string after, Direction expected) =>
        Assert.That(Of(before).DirectionTo(Of(after)), Is.EqualTo(expected));

    [TestCase("renew-at", "2/3", "1/2")]
    [TestCase("spread", "10%", "20%")]
    public void An_earlier_renewal_and_a_wider_spread_are_tighter(string field, string laxer, string stricter)
    {
        Outcome lax = Rotation(field, laxer), strict = Rotation(field, stricter);

        Assert.That((lax.DirectionTo(strict), strict.DirectionTo(lax)), Is.EqualTo((Direction.Tighter, Direction.Looser)));
    }

    [Test]
    public void A_meet_is_never_looser_than_what_it_is_made_of_and_the_way_back_is_the_contrary() => SeededProperty.Holds(300, random =>
    {
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Outcome a = MeetTests.Random(random, kind), b = MeetTests.Random(random, kind);
            Assert.That(a.DirectionTo(a.Meet(b)) & Direction.Looser, Is.EqualTo(Direction.Neither));
            Direction there = a.DirectionTo(b), back = b.DirectionTo(a);
            Assert.That(back, Is.EqualTo(there switch { Direction.Tighter => Direction.Looser, Direction.Looser => Direction.Tighter, _ => there }));
        }
    });

    [Test]
    public void Outcomes_of_two_kinds_do_not_become_each_other() =>
        Assert.That(() => Outcome.Deny(DecisionKind.Auth, "no").DirectionTo(Outcome.Deny(DecisionKind.Rotation, "no")), Throws.ArgumentException.With.Message.StartsWith("auth does not become rotation"));

    private static Outcome Rotation(string field, string share) =>
        Outcome.Allow(DecisionKind.Rotation, [(Field.Find(DecisionKind.Rotation, field)!, MeetTests.Value(Field.Find(DecisionKind.Rotation, field)!, share))]);

    private static Outcome Of(string text) => text.StartsWith("deny ", StringComparison.Ordinal)
        ? Outcome.Deny(DecisionKind.Auth, text["deny ".Length..])
        : Outcome.Allow(DecisionKind.Auth, text.Split("; ").Select(part => part.Split(' ', 2)).Select(part => (Field.Find(DecisionKind.Auth, part[0])!, MeetTests.Value(Field.Find(DecisionKind.Auth, part[0])!, part[1]))));
}
