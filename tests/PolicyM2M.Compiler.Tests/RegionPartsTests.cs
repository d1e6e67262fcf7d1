using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Regions that travel without their policies.</summary>
internal sealed class RegionPartsTests
{
    [Test]
    public void A_region_put_together_again_holds_the_same_contexts_at_the_same_moments() => SeededProperty.Holds(300, random =>
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        var decider = new Decider(PolicyCompiler.Compile(policies.Set()).Bundle!);
        DeviceContext[] contexts = [.. Enumerable.Range(0, 12).Select(i => policies.Context(missing: i % 4))];
        DateTimeOffset[] moments = [RandomPolicies.Now, RandomPolicies.Now.AddHours(-7), RandomPolicies.Now.AddDays(200), RandomPolicies.Now.AddSeconds(random.Next(-100_000_000, 100_000_000))];
        var path = new DecisionPath();
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            decider.Decide(kind, decider.Prepare(contexts[0]), RandomPolicies.Now, path);
            Region region = path.Region();
            var again = Region.Of(region.Parts);
            Assert.That(again.ToString(), Is.EqualTo(region.ToString()));
            foreach (DeviceContext context in contexts)
            {
                foreach (DateTimeOffset moment in moments)
                {
                    Assert.That(again.Contains(again.Prepare(context), moment), Is.EqualTo(region.Contains(decider.Prepare(context), moment)), () => $"{region}\n{string.Join(", ", context.Values)}");
                    Assert.That(again.HoldsUntil(again.Prepare(context), moment), Is.EqualTo(region.HoldsUntil(decider.Prepare(context), moment)));
                }
            }
            foreach (DateTimeOffset moment in moments)
                Assert.That(again.ClosesAt(moment), Is.EqualTo(region.ClosesAt(moment)));
        }
    });

    [Test]
    public void It_names_nothing_but_what_it_tests()
    {
        string[] ids = [.. Enumerable.Range(0, 500).Select(i => $"device-{i:D3}")];
        var decider = new Decider(PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", """
                attributes:
                  id:    { type: string, provenance: claimed, description: x }
                  fw:    { type: version, provenance: claimed, description: x }
                  other: { type: string, provenance: registry, description: x }
                """),
            new SourceFile("p.m2m", $"policy p\nauth {{\n{string.Concat(ids.Select((id, i) => $"  when id == \"{id}\" and fw >= 1.{i}  use {{ methods x509  reauthenticate {i + 1}m }}\n"))}  otherwise deny \"no\"\n}}\n"),
        ]).Bundle!);
        var path = new DecisionPath();
        decider.Decide(DecisionKind.Auth, decider.Prepare(DeviceContext.Of([new("id", AttributeValue.Of("device-007")), new("fw", AttributeValue.Of("1.9"))])), RandomPolicies.Now, path);
        RegionParts parts = path.Region().Parts;
        Assert.That(parts.Attributes.Select(scale => $"{scale.Definition.Name}: {string.Join(", ", scale.Marks)}"), Is.EqualTo(new[] { "fw: 1.7", "id: device-007" }));
        Assert.That(Region.Of(parts).ToString(), Is.EqualTo("fw >= 1.7 and id == \"device-007\""));
    }

    private static AttributeScale Scale(string name, AttributeType type, params string[] marks) => new(new AttributeDefinition(name, type, Provenance.Claimed, "", null, null, []), [.. marks], false);

    private static RegionTest Allows(RegionSubject subject, int attribute, params (long, long)[] codes) => new(subject, attribute, 0, "", [.. codes]);

    private static IEnumerable<(string Name, RegionParts Parts)> Forgeries =>
    [
        ("an attribute that is not there", new([], [Allows(RegionSubject.Value, 0, (0, 1))])),
        ("an attribute before the first", new([Scale("a", AttributeType.Bool)], [Allows(RegionSubject.Value, -1, (0, 1))])),
        ("a has of nothing", new([], [Allows(RegionSubject.Has, 7, (0, 1))])),
        ("a set that is none", new([Scale("a", AttributeType.Bool)], [Allows(RegionSubject.Contains, 0, (0, 1))])),
        ("a subject of the future", new([], [Allows((RegionSubject)9, -1, (0, 1))])),
        ("a type of the future", new([Scale("a", (AttributeType)12)], [])),
        ("one thing twice", new([Scale("a", AttributeType.Bool)], [Allows(RegionSubject.Value, 0, (0, 0)), Allows(RegionSubject.Value, 0, (1, 1))])),
        ("no code", new([Scale("a", AttributeType.Bool)], [Allows(RegionSubject.Value, 0)])),
        ("codes out of range", new([Scale("a", AttributeType.Bool)], [Allows(RegionSubject.Value, 0, (0, 2))])),
        ("codes out of order", new([Scale("a", AttributeType.Int)], [Allows(RegionSubject.Value, 0, (5, 6), (1, 2))])),
        ("an interval that ends before it begins", new([Scale("a", AttributeType.Int)], [Allows(RegionSubject.Value, 0, (6, 5))])),
        ("marks that do not ascend", new([Scale("a", AttributeType.Version, "2.0.0", "1.0.0")], [])),
        ("a mark that is no version", new([Scale("a", AttributeType.Version, "x")], [])),
        ("a mark twice", new([Scale("a", AttributeType.String, "x", "x")], [])),
        ("marks of a bool", new([Scale("a", AttributeType.Bool, "x")], [])),
        ("an attribute twice", new([Scale("a", AttributeType.Bool), Scale("a", AttributeType.Bool)], [])),
        ("attributes out of order", new([Scale("b", AttributeType.Bool), Scale("a", AttributeType.Bool)], [])),
        ("an attribute without a name", new([Scale("", AttributeType.Bool)], [])),
        ("an age of nothing", new([Scale("a", AttributeType.Duration) with { Definition = new("a", AttributeType.Duration, Provenance.Claimed, "", null, null, [], AgeOf: "b") }], [])),
        ("a default that is none", new([Scale("a", AttributeType.Duration) with { Definition = new("a", AttributeType.Bool, Provenance.Claimed, "", null, null, [], AttributeValue.Of("x")) }], [])),
        ("an offset beyond the day", new([], [new(RegionSubject.TimeOfDay, -1, 100_000, "", [(0, 5)])])),
    ];

    [TestCaseSource(nameof(Forgeries))]
    public void What_is_no_region_is_refused((string Name, RegionParts Parts) forgery) => Assert.That(() => Region.Of(forgery.Parts), Throws.ArgumentException, forgery.Name);
}
