using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Compiler.Trees;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Whatever form the trees take, they decide what the policies mean, and a decision holds in all of its region. POLICYM2M_RUNS makes the run longer.</summary>
internal sealed class TreeShapeProperties
{
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("POLICYM2M_RUNS"), out int runs) ? runs : 150;

    /// <summary>Forms that only large sets take, forced upon small ones.</summary>
    private static readonly Dictionary<string, TreeLimits> Shapes = new()
    {
        ["whole"] = TreeLimits.Usual,
        ["lean"] = new TreeLimits(WordsPerCase: -1000, WordsBesides: 0, FewCases: 3, CopiesInTwo: 3, CasesPerFacet: 4),
        ["cases"] = new TreeLimits(WordsPerCase: -1000, WordsBesides: 0, FewCases: 100, CopiesInTwo: 0, CasesPerFacet: 4),
        ["masks"] = new TreeLimits(WordsPerCase: -1000, WordsBesides: 0, FewCases: -100, CopiesInTwo: 0, CasesPerFacet: 0),
    };

    [Test]
    public void Every_form_decides_the_same([Values("whole", "lean", "cases", "masks")] string shape) => SeededProperty.Holds(Runs, random =>
    {
        (RandomPolicies policies, BoundPolicySet bound, Decider decider) = Set(random, shape);
        for (int i = 0; i < 20; i++)
        {
            DeviceContext context = policies.Context(missing: 0);
            foreach (DecisionKind kind in DecisionKinds.All)
                Assert.That(Shown(Decide(decider, kind, context)), Is.EqualTo(Shown(NaiveEvaluator.Decide(bound, kind, context))));
        }
    });

    [Test]
    public void A_missing_attribute_never_gives_a_looser_answer([Values("lean", "cases", "masks")] string shape) => SeededProperty.Holds(Runs, random =>
    {
        (RandomPolicies policies, BoundPolicySet bound, Decider decider) = Set(random, shape);
        for (int i = 0; i < 8; i++)
        {
            DeviceContext context = policies.Context(missing: 3);
            foreach (DecisionKind kind in DecisionKinds.All)
            {
                Outcome actual = Decide(decider, kind, context);
                SortedDictionary<string, FieldValue>? expected = NaiveEvaluator.Decide(bound, kind, context);
                if (expected is null)
                    Assert.That(actual.IsDenied, () => $"{kind.Name()} for {string.Join(", ", context.Values)}\n{actual}\n{_texts}");
                else if (!actual.IsDenied)
                    Assert.That(Sorted(Outcome.Allow(kind, expected.Select(v => (Field.Find(kind, v.Key)!, v.Value))).Meet(actual)), Is.EqualTo(Sorted(actual)));
            }
        }
    });

    [Test]
    public void A_decision_holds_in_all_of_its_region([Values("whole", "lean", "cases", "masks")] string shape) => SeededProperty.Holds(Runs, random =>
    {
        (RandomPolicies policies, _, Decider decider) = Set(random, shape);
        var path = new DecisionPath();
        var found = new List<(Region Region, Decision Decision)>();
        for (int i = 0; i < 60; i++)
        {
            PreparedContext context = decider.Prepare(policies.Context(missing: i % 3));
            foreach (DecisionKind kind in DecisionKinds.All)
            {
                Decision decision = decider.Decide(kind, context, Now, path);
                Region region = path.Region();
                Assert.That(region.Contains(context, Now), () => $"{region}");
                foreach ((Region known, Decision its) in found.Where(f => f.Decision.Kind == kind && f.Region.Contains(context, Now)))
                    Assert.That(decision.Outcome, Is.EqualTo(its.Outcome), () => $"{known} decided by {string.Join(", ", its.Rules)}\nnow {region} by {string.Join(", ", decision.Rules)}");
                found.Add((region, decision));
            }
        }
    });

    /// <summary>Regions of what is missing above all: contexts that share most with the one that was decided, at moments around its own.</summary>
    [Test]
    public void A_decision_holds_in_all_of_its_region_where_something_is_missing([Values("whole", "lean", "cases", "masks")] string shape)
    {
        int others = 0;
        SeededProperty.Holds(Runs, random =>
        {
            (RandomPolicies policies, _, Decider decider) = Set(random, shape);
            var path = new DecisionPath();
            for (int i = 0; i < 4; i++)
            {
                DeviceContext context = policies.Context(missing: 4);
                PreparedContext prepared = decider.Prepare(context);
                foreach (DecisionKind kind in DecisionKinds.All)
                {
                    Decision decision = decider.Decide(kind, prepared, Now, path);
                    Region region = path.Region();
                    if (region.HoldsUntil(prepared, Now) is { } until)
                    {
                        Assert.That(until, Is.GreaterThan(Now));
                        Assert.That(decider.Decide(kind, prepared, until.AddSeconds(-1)).Outcome, Is.EqualTo(decision.Outcome), () => $"{region} until {until}\n{_texts}");
                    }
                    foreach (PreparedContext near in policies.Near(context).Select(decider.Prepare))
                    {
                        foreach (DateTimeOffset moment in new[] { Now, Now.AddMinutes(-31), Now.AddHours(random.Next(-100, 100)) })
                        {
                            if (!region.Contains(near, moment))
                                continue;
                            others++;
                            Assert.That(decider.Decide(kind, near, moment).Outcome, Is.EqualTo(decision.Outcome), () => $"{region}\n{string.Join(", ", context.Values)}\n{_texts}");
                        }
                    }
                }
            }
        });
        if (Environment.GetEnvironmentVariable(SeededProperty.SeedVariable) is null)
            Assert.That(others, Is.GreaterThan(Runs * 20), "hardly any context was in a region of another");
    }

    /// <summary>A list of cases, and a leaf of masks, hang on how the tests of what is known come out, and on nothing more of it.</summary>
    [TestCase("lean", "flag missing and kind in [\"b\", \"c\"] and level >= 3 and time.of-day in 08:00..18:00")]
    [TestCase("cases", "flag missing and kind in [\"b\", \"c\"] and level >= 3 and time.of-day in 08:00..18:00")]
    [TestCase("masks", "flag missing and level in 3..7 and time.of-day in 08:00..18:00")]
    public void A_region_is_as_wide_as_the_tests_that_were_made(string shape, string expected)
    {
        SourceFile[] files =
        [
            new("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new("a.attributes.yaml", """
                attributes:
                  flag:  { type: bool, provenance: claimed, description: x }
                  kind:  { type: enum, values: [a, b, c], provenance: claimed, description: x }
                  level: { type: int, provenance: claimed, description: x }
                """),
            new("p.m2m", """
                policy p
                auth {
                  when flag and level >= 3 and time.of-day in 08:00..18:00  use { methods x509  fresh-for 1h }
                  when kind == "a" and level >= 8                           use { methods psk }
                  otherwise                                                 use { methods x509, psk }
                }
                """),
        ];
        var faults = new Faults();
        var decider = new Decider(Bundle.Read(PolicyCompiler.Emit(PolicyCompiler.Bind(files, faults)!, faults, Shapes[shape])!));
        PreparedContext context = decider.Prepare(DeviceContext.Of([new("kind", AttributeValue.Of("b")), new("level", AttributeValue.Of(5))]));
        var path = new DecisionPath();
        decider.Decide(DecisionKind.Auth, context, Now, path);
        Assert.That(path.Region().ToString(), Is.EqualTo(expected));
        Assert.That(path.Region().HoldsUntil(context, Now), Is.EqualTo(new DateTimeOffset(2026, 11, 23, 18, 0, 1, TimeSpan.Zero)));
    }

    [Test]
    public void The_way_of_what_is_missing_and_its_region_allocate_nothing_the_second_time([Values("whole", "lean", "cases", "masks")] string shape)
    {
        (RandomPolicies policies, _, Decider decider) = Set(new Random(5), shape);
        PreparedContext[] contexts = [.. Enumerable.Range(0, 30).Select(_ => decider.Prepare(policies.Context(missing: 4)))];
        DecisionKind[] kinds = [.. DecisionKinds.All];
        var path = new DecisionPath();
        for (int round = 0; round < 2; round++)
            DecideAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        DecideAll();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void DecideAll()
        {
            foreach (PreparedContext context in contexts)
            {
                foreach (DecisionKind kind in kinds)
                {
                    decider.Decide(kind, context, Now, path);
                    path.Region();
                }
            }
        }
    }

    /// <summary>What a decider remembers is what it would say anew: the very same decision, at whatever moment, and the same region.</summary>
    [Test]
    public void What_is_remembered_is_what_would_be_decided_anew([Values("whole", "lean", "cases", "masks")] string shape) => SeededProperty.Holds(Runs / 3, random =>
    {
        (RandomPolicies policies, _, Decider old) = Set(random, shape);
        PreparedContext[] contexts = [.. Enumerable.Range(0, 12).Select(i => old.Prepare(policies.Context(missing: i % 4)))];
        DateTimeOffset[] moments = [Now, Now.AddHours(-7), Now.AddDays(200), Now.AddSeconds(random.Next(-100_000_000, 100_000_000))];
        var path = new DecisionPath();
        foreach (PreparedContext context in contexts)
        {
            var anew = new Decider(old.Bundle);
            foreach (DateTimeOffset moment in moments)
            {
                foreach (DecisionKind kind in DecisionKinds.All)
                {
                    Decision expected = anew.Decide(kind, context, moment, path);
                    string region = path.Region().ToString();
                    Decision actual = old.Decide(kind, context, moment);
                    Assert.That(actual.Outcome, Is.EqualTo(expected.Outcome), () => $"{kind.Name()} at {moment}\n{_texts}");
                    Assert.That(actual.Rules, Is.EqualTo(expected.Rules));
                    Assert.That(old.Decide(kind, context, moment, path).Outcome, Is.EqualTo(expected.Outcome));
                    Assert.That(path.Region().ToString(), Is.EqualTo(region));
                }
            }
        }
    });

    /// <summary>Most cases test the level, so that a split by it would be the best one and copies too much; the flag parts the two policies and copies nothing.</summary>
    [Test]
    public void Where_what_parts_two_policies_is_missing_it_is_known_that_one_of_them_speaks()
    {
        string Cases(int first) => string.Concat(Enumerable.Range(0, 10).Select(i => $"  when {(i < 9 ? $"level == {i + first}" : $"a{i} > 3")} and a{i + first} > 1 use {{ methods x509  fresh-for {i + 1}m }}\n"));
        SourceFile[] files =
        [
            new("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p0.m2m, p1.m2m]\n"),
            new("a.attributes.yaml", "attributes:\n  flag: { type: bool, provenance: claimed, description: x }\n  level: { type: int, provenance: claimed, description: x }\n"
                + string.Concat(Enumerable.Range(0, 20).Select(i => $"  a{i}: {{ type: int, provenance: claimed, description: x }}\n"))),
            new("p0.m2m", $"policy p0 for flag\nauth {{\n{Cases(0)}  otherwise use {{ methods x509, psk  fresh-for 2h }}\n}}\n"),
            new("p1.m2m", $"policy p1 for not flag\nauth {{\n{Cases(10)}  otherwise use {{ methods x509, psk  fresh-for 3h }}\n}}\n"),
        ];
        var faults = new Faults();
        BoundPolicySet bound = PolicyCompiler.Bind(files, faults)!;
        var decider = new Decider(Bundle.Read(PolicyCompiler.Emit(bound, faults, Shapes["lean"])!));
        DeviceContext context = DeviceContext.Of(Enumerable.Range(0, 20).Select(i => KeyValuePair.Create($"a{i}", AttributeValue.Of(0))).Append(KeyValuePair.Create("level", AttributeValue.Of(50))));
        Assert.That(Decide(decider, DecisionKind.Auth, context)[Field.Methods]?.ToString(), Is.EqualTo("x509, psk"));
    }

    private static string _texts = "";

    private static DateTimeOffset Now => RandomPolicies.Now;

    private static (RandomPolicies Policies, BoundPolicySet Bound, Decider Decider) Set(Random random, string shape)
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        var faults = new Faults();
        IReadOnlyList<SourceFile> files = policies.Set();
        _texts = string.Join("\n", files.Where(file => file.Path.EndsWith(".m2m", StringComparison.Ordinal)).Select(file => file.Text));
        BoundPolicySet bound = PolicyCompiler.Bind(files, faults)!;
        return (policies, bound, new Decider(Bundle.Read(PolicyCompiler.Emit(bound, faults, Shapes[shape])!)));
    }

    private static Outcome Decide(Decider decider, DecisionKind kind, DeviceContext context) => decider.Decide(kind, decider.Prepare(context), Now).Outcome;

    private static string Shown(Outcome outcome) => outcome.IsDenied ? "deny" : Shown(new SortedDictionary<string, FieldValue>(outcome.Values.ToDictionary(v => v.Field.Name, v => v.Value), StringComparer.Ordinal));

    private static string Shown(SortedDictionary<string, FieldValue>? values) => values is null ? "deny" : string.Join("\n", values.Select(v => $"{v.Key} {v.Value}"));

    private static string Sorted(Outcome outcome) =>
        string.Join("\n", outcome.Values.Select(v => $"{v.Field.Name} {(v.Value is FieldValue.Names names ? string.Join(", ", names.Items.Order()) : v.Value)}"));
}
