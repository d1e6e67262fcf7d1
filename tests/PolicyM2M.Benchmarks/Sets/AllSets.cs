using System.Collections.Immutable;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks.Sets;

/// <summary>Every set that is measured, by name and at the size at which the targets are stated.</summary>
internal static class AllSets
{
    public static readonly ImmutableArray<(string Name, Func<GeneratedSet> Of)> Measured =
    [
        .. new[] { 10, 100, 1000, 10_000 }.Select(rules => ($"workload-{rules}", (Func<GeneratedSet>)(() => CommonPolicies.Of(CommonWorkload.Of(rules))))),
        .. AdversarialSets.All.Select(set => (set.Name, (Func<GeneratedSet>)(() => set.Of(AdversarialSets.UsualRules)))),
        ("policies-for-sites", () => ManyPolicies.ForSites(ManyPolicies.UsualPolicies)),
        ("policies-for-all", () => ManyPolicies.ForAll(ManyPolicies.UsualPolicies)),
    ];

    public static GeneratedSet? Named(string name) => Measured.FirstOrDefault(set => set.Name == name).Of?.Invoke();
}
