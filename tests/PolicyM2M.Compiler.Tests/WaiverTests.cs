using System.Globalization;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Tests;

/// <summary>When a waiver holds, for whom, and what a zone moves.</summary>
internal sealed class WaiverTests
{
    private const string Policies = """
        policy base
        auth { otherwise use { methods x509  fresh-for 1h  usable-for 1h } }
        forbid risky : auth "risky" when risk >= 50
        """;

    private const string Waiver = """
        policy site for place == "seven"
        waive base.risky when id == "plc-1" until 2027-01-31 because "ticket" approved-by "secops"
        """;

    [TestCase("2026-11-01T23:59:59Z", "plc-1", "seven", false, TestName = "Not before the longest time that the manifest allows")]
    [TestCase("2026-11-02T00:00:00Z", "plc-1", "seven", true, TestName = "From then on")]
    [TestCase("2027-01-30T23:59:59Z", "plc-1", "seven", true, TestName = "To the last second")]
    [TestCase("2027-01-31T00:00:00Z", "plc-1", "seven", false, TestName = "Not at its end")]
    [TestCase("2027-01-01T00:00:00Z", "plc-2", "seven", false, TestName = "Not for another device")]
    [TestCase("2027-01-01T00:00:00Z", "plc-1", "eight", false, TestName = "Not outside the target of its policy")]
    [TestCase("2027-01-01T00:00:00Z", null, "seven", false, TestName = "Not where the device is not known")]
    public void A_waiver_takes_a_demand_out(string now, string? id, string place, bool isWaived)
    {
        Assert.That(Decide(now, id, place).Outcome.IsDenied, Is.Not.EqualTo(isWaived));
    }

    [Test]
    public void A_decision_that_a_waiver_allows_ends_with_it()
    {
        Decider decider = Decider(Policies, Waiver);
        var path = new DecisionPath();
        PreparedContext context = decider.Prepare(Context("plc-1", "seven"));
        decider.Decide(DecisionKind.Auth, context, Instant("2027-01-30T00:00:00Z"), path);
        Assert.That(path.Region().HoldsUntil(context, Instant("2027-01-30T00:00:00Z")), Is.EqualTo(Instant("2027-01-31T00:00:00Z")));
    }

    [Test]
    public void A_zone_moves_the_time_of_day_and_the_day_of_the_week()
    {
        const string InZone = """
            policy base zone -05:00
            auth { when time.of-day in 22:00..06:00 and time.weekday == sun deny "sunday night"
                   otherwise use { methods x509 } }
            """;
        Decider decider = Decider(InZone);
        Assert.That(decider.Decide(DecisionKind.Auth, decider.Prepare(DeviceContext.Of([])), Instant("2026-11-23T03:30:00Z")).Outcome.IsDenied, Is.True, "Sunday 22:30 there");
        Assert.That(decider.Decide(DecisionKind.Auth, decider.Prepare(DeviceContext.Of([])), Instant("2026-11-23T05:30:00Z")).Outcome.IsDenied, Is.False, "Monday 00:30 there");
        Assert.That(decider.Decide(DecisionKind.Auth, decider.Prepare(DeviceContext.Of([])), Instant("2026-11-22T22:30:00Z")).Outcome.IsDenied, Is.False, "Sunday 17:30 there");
    }

    [TestCase("{ session-lifetime 2h }", false)]
    [TestCase("{ session-lifetime 30m }", true)]
    [TestCase("{ suites TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384 }", false)]
    [TestCase("{ suites TLS_AES_256_GCM_SHA384 }", true)]
    [TestCase("{ resumption forbidden }", true)]
    [TestCase("{ early-data forbidden }", false)]
    [TestCase("deny", true)]
    public void An_invariant_is_broken_by_what_is_looser(string always, bool isBroken)
    {
        string policy = $$"""
            policy base
            cipher-suites { otherwise use { versions 1.3  suites TLS_AES_128_GCM_SHA256  session-lifetime 1h } }
            invariant "x" : cipher-suites always {{always}}
            """;
        Decider decider = Decider(policy);
        var faults = new Faults();
        BoundInvariant invariant = PolicyCompiler.Bind(Files(policy), faults)!.Policies[0].Invariants[0];
        Outcome decided = decider.Decide(DecisionKind.CipherSuites, decider.Prepare(DeviceContext.Of([])), DateTimeOffset.UnixEpoch).Outcome;
        Assert.That(invariant.BrokenBy(decided).Length > 0, Is.EqualTo(isBroken));
        Assert.That(invariant.BrokenBy(Outcome.Deny(DecisionKind.CipherSuites, "no")), Is.Empty);
    }

    [TestCase("id == \"a\"", "from 2026-11-01 until 2027-01-30", "id == \"a\"", "from 2027-01-30 until 2027-03-01", true, TestName = "One after the other for one device is one")]
    [TestCase("id == \"a\"", "from 2026-11-01 until 2027-01-30", "id in [\"a\", \"b\"]", "until 2027-02-28", true, TestName = "So are two that overlap, for some of the devices")]
    [TestCase("id == \"a\"", "from 2026-11-01 until 2027-01-30", "risk > 3", "from 2027-01-30 until 2027-03-01", true, TestName = "And two under which one device could be")]
    [TestCase("id == \"a\"", "from 2026-11-01 until 2027-01-30", "id == \"b\"", "from 2027-01-30 until 2027-03-01", false, TestName = "Not those for different devices")]
    [TestCase("id == \"a\"", "from 2026-11-01 until 2027-01-30", "id == \"a\"", "from 2027-01-31 until 2027-03-01", false, TestName = "Nor those with a day between them")]
    [TestCase("id == \"a\"", "from 2026-12-01 until 2027-01-01", "id == \"a\"", "from 2027-01-01 until 2027-02-01", false, TestName = "Nor those that together are short enough")]
    public void Waivers_that_join_each_other_count_as_one(string when, string time, string otherWhen, string otherTime, bool isRefused)
    {
        string site = $"""
            policy site
            waive base.risky when {otherWhen} {otherTime} because "ticket" approved-by "secops"
            waive base.risky when {when} {time} because "ticket" approved-by "secops"
            """;
        Compilation compilation = PolicyCompiler.Compile(Files(Policies, site));
        Assert.That(compilation.Diagnostics.Select(d => $"{d.Position.Line} {d.Code}"), Is.EqualTo(isRefused ? new[] { "2 M2M320" } : []));
        Assert.That(compilation.Bundle is null, Is.EqualTo(isRefused));
    }

    [Test]
    public void A_waiver_that_joins_two_others_makes_the_three_one()
    {
        Compilation compilation = PolicyCompiler.Compile(Files(Policies, """
            policy site
            waive base.risky when id == "a" from 2026-10-01 until 2026-11-15 because "x" approved-by "y"
            waive base.risky when id == "b" from 2026-12-01 until 2027-01-20 because "x" approved-by "y"
            waive base.risky when id in ["a", "b"] from 2026-11-15 until 2026-12-02 because "x" approved-by "y"
            """));
        Assert.That(compilation.Diagnostics.Select(d => $"{d.Position.Line} {d.Code}"), Is.EqualTo(new[] { "3 M2M320" }));
    }

    [TestCase("not has id", "", true)]
    [TestCase("id == \"a\" or not (has id and risk > 3)", "", true)]
    [TestCase("anonymous", "define anonymous = not has id", true)]
    [TestCase("model == \"m1\"", "", true)]
    [TestCase("id == \"a\" and not (model == \"m1\")", "", true)]
    [TestCase("age >= 1d", "", true)]
    [TestCase("has model and id == \"a\"", "", false)]
    [TestCase("not (not has id)", "", false)]
    [TestCase("has id and not (id == \"a\")", "", false)]
    public void A_waiver_never_holds_because_something_is_missing(string when, string define, bool isRefused)
    {
        Compilation compilation = PolicyCompiler.Compile(Files(Policies, $"policy site\n{define}\nwaive base.risky when {when} until 2027-01-31 because \"ticket\" approved-by \"secops\"\n"));
        Assert.That(compilation.Diagnostics.Select(d => d.Code), Is.EqualTo(isRefused ? new[] { "M2M328" } : []));
    }

    [Test]
    public void Nor_does_the_target_of_its_policy()
    {
        Compilation compilation = PolicyCompiler.Compile(Files(Policies, "policy site for not has place\nwaive base.risky when risk > 3 until 2027-01-31 because \"ticket\" approved-by \"secops\"\n"));
        Assert.That(compilation.Diagnostics.Select(d => d.Code), Is.EqualTo(new[] { "M2M328" }));
    }

    private static Decision Decide(string now, string? id, string place)
    {
        Decider decider = Decider(Policies, Waiver);
        return decider.Decide(DecisionKind.Auth, decider.Prepare(Context(id, place)), Instant(now));
    }

    private static DeviceContext Context(string? id, string place)
    {
        DeviceContext context = DeviceContext.Of([]).With("place", AttributeValue.Of(place)).With("risk", AttributeValue.Of(80));
        return id is null ? context : context.With("id", AttributeValue.Of(id));
    }

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static Decider Decider(params string[] policies)
    {
        Compilation compilation = PolicyCompiler.Compile(Files(policies));
        Assert.That(compilation.Diagnostics, Is.Empty);
        return new Decider(compilation.Bundle!);
    }

    private static SourceFile[] Files(params string[] policies) =>
    [
        new SourceFile("policyset.yaml", $"name: s\nattributes: a.attributes.yaml\nlongest-waiver: 90d\npolicies: [{string.Join(", ", policies.Select((_, i) => $"p{i}.m2m"))}]\n"),
        new SourceFile("a.attributes.yaml", """
            attributes:
              id:    { type: string, provenance: claimed, description: x }
              place: { type: string, provenance: claimed, description: x }
              risk:  { type: int, provenance: claimed, description: x }
              born:  { type: instant, provenance: claimed, default: 2026-01-01, description: x }
              age:   { type: duration, provenance: claimed, age-of: born, description: x }
              model: { type: string, provenance: claimed, default: m1, description: x }
            """),
        .. policies.Select((policy, i) => new SourceFile($"p{i}.m2m", policy)),
    ];
}
