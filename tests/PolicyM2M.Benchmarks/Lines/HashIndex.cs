using System.Collections.Frozen;
using System.Collections.Immutable;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks.Lines;

/// <summary>
/// The line to meet: what an expert would write by hand for exactly these rules. Device type, then zone, by hash; then the few rules that are
/// left, in order. It knows the shape of the rules, which no policy engine does; it allocates nothing.
/// </summary>
internal sealed class HashIndex
{
    private readonly FrozenDictionary<string, FrozenDictionary<string, Entry[]>> _byType;

    public HashIndex(ImmutableArray<WorkloadRule> rules) => _byType = rules.Index()
        .GroupBy(rule => rule.Item.Type)
        .ToFrozenDictionary(type => type.Key, type => type.GroupBy(rule => rule.Item.Zone)
            .ToFrozenDictionary(zone => zone.Key, zone => zone.Select(rule => new Entry(rule.Item.Firmware, rule.Item.Risk, rule.Item.SecureElement, rule.Index, rule.Item.Outcome)).ToArray()));

    /// <summary>The first rule that matches and its outcome; -1 for both where none does.</summary>
    public WorkloadAnswer Decide(WorkloadRequest request)
    {
        if (_byType.TryGetValue(request.Type, out FrozenDictionary<string, Entry[]>? zones) && zones.TryGetValue(request.Zone, out Entry[]? entries))
        {
            foreach (ref readonly Entry entry in entries.AsSpan())
            {
                if (request.Firmware >= entry.Firmware && request.Risk <= entry.Risk && (!entry.SecureElement || request.SecureElement))
                    return new WorkloadAnswer(entry.Rule, entry.Outcome);
            }
        }
        return new WorkloadAnswer(-1, -1);
    }

    private readonly record struct Entry(int Firmware, int Risk, bool SecureElement, int Rule, int Outcome);
}
