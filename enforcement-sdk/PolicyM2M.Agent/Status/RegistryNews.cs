using System.Collections.Immutable;

namespace PolicyM2M.Agent.Status;

/// <summary>
/// That the decision point's registry came to say something else of devices, of this gateway and of those behind it. A device's version is the number of the change that it had last: it never comes
/// back to one that it had before, also where the device was forgotten meanwhile.
/// </summary>
internal sealed record RegistryNews
{
    /// <summary>As many as the client keeps anything of.</summary>
    public const int MostDevices = 10_000;

    private readonly ImmutableDictionary<string, ulong> _versions;
    private readonly ulong _last;

    private RegistryNews(ImmutableDictionary<string, ulong> versions, ulong last) => (_versions, _last) = (versions, last);

    /// <summary>Nothing was heard since the start.</summary>
    public static RegistryNews None { get; } = new(ImmutableDictionary.Create<string, ulong>(StringComparer.Ordinal), 0);

    /// <summary>The device's version; 0 where nothing was heard of it.</summary>
    public ulong Of(string device) => _versions.GetValueOrDefault(device);

    /// <summary>With one more change. Beyond <see cref="MostDevices"/> the device whose change is the oldest is forgotten.</summary>
    public RegistryNews With(string device)
    {
        bool isFull = _versions.Count >= MostDevices && !_versions.ContainsKey(device);
        ImmutableDictionary<string, ulong> kept = isFull ? _versions.Remove(_versions.MinBy(version => version.Value).Key) : _versions;
        return new RegistryNews(kept.SetItem(device, _last + 1), _last + 1);
    }
}
