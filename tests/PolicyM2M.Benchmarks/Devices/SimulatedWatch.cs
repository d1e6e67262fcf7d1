using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Devices;

/// <summary>What a decision point's watch tells a gateway of the devices that it asked about: a statement where the registry says something else of one, and another before that is fresh no longer.</summary>
/// <param name="pdp">What states.</param>
/// <param name="memory">The gateway's.</param>
internal sealed class SimulatedWatch(SimulatedPdp pdp, DecisionMemory memory)
{
    private readonly Dictionary<string, Watched> _devices = new(StringComparer.Ordinal);

    /// <summary>Until when the gateway may use any of what it was given.</summary>
    private DateTimeOffset _usableUntil;

    /// <summary>How many statements it told.</summary>
    public long Told { get; private set; }

    /// <summary>A device was asked about, and its statement came with the answer. A watch tells the next only while the gateway has a decision that may be used.</summary>
    public void Asked(DriftingDevice device, Answer answer)
    {
        DateTimeOffset until = answer.Decisions.Max(kept => kept.Decision.Outcome.IsDenied ? DateTimeOffset.MinValue : kept.UsableUntil);
        _usableUntil = until > _usableUntil ? until : _usableUntil;
        _devices[device.Name] = new Watched(device.Registered, _devices.GetValueOrDefault(device.Name)?.Version ?? 1, pdp.NextTold(answer.Statement!));
    }

    /// <summary>A moment has come: tells what there is to tell of a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="now">The moment.</param>
    /// <param name="order">Gives the next place among all calls of the gateway.</param>
    public void Tell(DriftingDevice device, DateTimeOffset now, Func<long> order)
    {
        // Contexts are never changed in place: the same is the same object.
        if (!_devices.TryGetValue(device.Name, out Watched? watched) || now >= _usableUntil || (ReferenceEquals(watched.Registered, device.Registered) && now < watched.Due))
            return;
        long version = ReferenceEquals(watched.Registered, device.Registered) ? watched.Version : watched.Version + 1;
        HeldStatement statement = pdp.State(device.Registered, device.Name, now);
        memory.Told(device.Name, version, statement, watchedSince: 0, (order(), order()));
        _devices[device.Name] = watched with { Registered = device.Registered, Version = version, Due = pdp.NextTold(statement) };
        Told++;
    }

    private sealed record Watched(DeviceContext Registered, long Version, DateTimeOffset Due);
}
