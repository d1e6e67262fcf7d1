using System.Collections.Immutable;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Workload;

/// <summary>The common workload as a policy set: one policy with one block, a case for each rule, and no answer where none matches.</summary>
internal static class CommonPolicies
{
    /// <summary>The set's name and its policy's.</summary>
    public const string Name = "workload";

    private const int Type = 0, Zone = 1, Firmware = 2, Risk = 3, SecureElement = 4;

    private static readonly ImmutableArray<GeneratedAttribute> Attributes =
    [
        new("device.type", "string"),
        new("network.zone", "string"),
        new("firmware", "int, minimum: 0"),
        new("posture.risk", "int, minimum: 0, maximum: 100"),
        new("hardware.secure-element", "bool"),
        new("hardware.tpm", "bool"),
        new("hardware.ram", "int, minimum: 0"),
        new("device.id", "string"),
        new("device.vendor", "string"),
        new("network.protocol", "string"),
        new("network.latency", "int, minimum: 0"),
        new("power.battery", "int, minimum: 0, maximum: 100"),
    ];

    public static GeneratedSet Of(CommonWorkload workload) =>
        new(Name, Attributes, [new GeneratedPolicy(Name, Target: null, [.. workload.Rules.Select(Rule)])], [.. workload.Requests.Select(Values)]);

    private static GeneratedRule Rule(WorkloadRule rule)
    {
        ImmutableArray<RuleTest> tests =
        [
            new RuleTest.Equal(Type, rule.Type), new RuleTest.Equal(Zone, rule.Zone), new RuleTest.AtLeast(Firmware, rule.Firmware), new RuleTest.AtMost(Risk, rule.Risk),
        ];
        return new GeneratedRule(rule.SecureElement ? [.. tests, new RuleTest.True(SecureElement)] : tests, rule.Outcome);
    }

    private static AttributeValue[] Values(WorkloadRequest request) =>
    [
        AttributeValue.Of(request.Type), AttributeValue.Of(request.Zone), AttributeValue.Of(request.Firmware), AttributeValue.Of(request.Risk),
        AttributeValue.Of(request.SecureElement), AttributeValue.Of(request.Tpm), AttributeValue.Of(request.RamKilobytes), AttributeValue.Of(request.Id),
        AttributeValue.Of(request.Vendor), AttributeValue.Of(request.Protocol), AttributeValue.Of(request.Latency), AttributeValue.Of(request.Battery),
    ];
}
