using System.Collections.Immutable;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>For whom a loop decides, and by what it knows when to decide anew.</summary>
/// <param name="DecideAsync">Decides; told whether to ask even where a fresh decision is kept.</param>
/// <param name="NextChangeAsync">Completes when what was allowed may not be any more; taken before each decision.</param>
/// <param name="Now">The time by which the windows of decisions end.</param>
internal sealed record DecisionSubject(
    Func<bool, CancellationToken, Task<ImmutableArray<DeviceDecision>>> DecideAsync, Func<CancellationToken, Task> NextChangeAsync, Func<DateTimeOffset> Now);
