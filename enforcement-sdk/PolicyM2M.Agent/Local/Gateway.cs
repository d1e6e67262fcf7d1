using System.Collections.Immutable;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Local;

/// <summary>The daemon's way to decisions, for itself and for the devices behind it.</summary>
/// <param name="client">The client that asks and keeps.</param>
/// <param name="own">What the gateway says of itself.</param>
internal sealed class Gateway(PolicyClient client, DeviceContext own)
{
    /// <summary>The gateway's own id: the last segment of its SPIFFE ID.</summary>
    public string Name { get; } = client.DeviceId[(client.DeviceId.LastIndexOf('/') + 1)..];

    /// <summary>Decides for the gateway itself, by what its configuration says of it.</summary>
    public Task<ImmutableArray<DeviceDecision>> DecideAsync(bool refresh, CancellationToken ending) => client.DecideAsync(own, refresh, ending);

    /// <summary>Decides for a device. What a program says of the gateway itself adds to what the configuration says, and does not replace it.</summary>
    public Task<ImmutableArray<DeviceDecision>> DecideAsync(string device, DeviceContext claims, ImmutableArray<DecisionKind> kinds, CancellationToken ending) =>
        client.DecideAsync(device == Name ? Own(claims) : claims, kinds, refresh: false, ending);

    private DeviceContext Own(DeviceContext claims) => own.Values.Aggregate(claims, (merged, value) => merged.With(value.Key, value.Value));
}
