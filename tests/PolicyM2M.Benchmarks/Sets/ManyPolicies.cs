using System.Collections.Immutable;
using PolicyM2M.Benchmarks.Workload;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Sets;

/// <summary>Policy sets of many policies with ten rules each, over attributes that all of them share.</summary>
internal static class ManyPolicies
{
    /// <summary>How many policies the large sets have.</summary>
    public const int UsualPolicies = 1000;

    private const int RulesEach = 10, ContextCount = 500, Types = 20, Zones = 16;

    private static readonly ImmutableArray<GeneratedAttribute> Attributes =
    [
        new("location.site", "string"), new("device.type", "string"), new("network.zone", "string"), new("firmware", "int, minimum: 0, maximum: 100000"),
        new("posture.risk", "int, minimum: 0, maximum: 100"), new("hardware.secure-element", "bool"),
    ];

    /// <summary>Each policy is for a site of its own, so one of them speaks for a device.</summary>
    public static GeneratedSet ForSites(int policies) => Of("policies-for-sites", policies, hasTargets: true, 6);

    /// <summary>No policy has a target: all of them speak for every device, and the strictest wins.</summary>
    public static GeneratedSet ForAll(int policies) => Of("policies-for-all", policies, hasTargets: false, 7);

    private static GeneratedSet Of(string name, int policies, bool hasTargets, uint seed)
    {
        var random = new Mulberry32(seed);
        // Where all policies speak, only rules that match seldom are much stricter than the others: else what a thousand of them meet in would be the
        // strictest of all, whatever is asked.
        Func<int> usual = hasTargets ? () => random.Next(0, GeneratedSet.Outcomes - 1) : () => random.Next(10, 13);
        return new GeneratedSet(name, Attributes,
            [.. Enumerable.Range(0, policies).Select(i => new GeneratedPolicy($"p{i:D4}", hasTargets ? new RuleTest.Equal(0, Site(i)) : null,
                [.. Enumerable.Range(0, RulesEach).Select(_ => Rule(random, usual))], Otherwise: usual()))],
            [.. Enumerable.Range(0, ContextCount).Select(_ => Context(random, policies))]);
    }

    // Thresholds are round numbers, as people write them; so policies share them.
    private static GeneratedRule Rule(Mulberry32 random, Func<int> usual) => random.Next(0, 3) switch
    {
        0 => new GeneratedRule([new RuleTest.Equal(1, Type(random)), new RuleTest.AtLeast(3, random.Next(1, 9) * 10_000)], usual()),
        1 => new GeneratedRule([new RuleTest.Equal(2, Zone(random)), new RuleTest.AtMost(4, random.Next(1, 9) * 10)], usual()),
        2 => new GeneratedRule([new RuleTest.Equal(1, Type(random)), new RuleTest.Equal(2, Zone(random))], random.Next(0, GeneratedSet.Outcomes - 1)),
        _ => new GeneratedRule([new RuleTest.AtLeast(3, random.Next(5, 9) * 10_000), new RuleTest.AtMost(4, random.Next(1, 5) * 10), new RuleTest.True(5)], usual()),
    };

    private static AttributeValue[] Context(Mulberry32 random, int policies) =>
    [
        AttributeValue.Of(Site(random.Next(0, policies - 1))), AttributeValue.Of(Type(random)), AttributeValue.Of(Zone(random)),
        AttributeValue.Of((long)random.Next(0, 100_000)), AttributeValue.Of((long)random.Next(0, 100)), AttributeValue.Of(random.Chance(0.5)),
    ];

    private static string Site(int place) => $"site-{place:D4}";

    private static string Type(Mulberry32 random) => $"type-{random.Next(0, Types - 1):D2}";

    private static string Zone(Mulberry32 random) => $"zone-{random.Next(0, Zones - 1):D2}";
}
