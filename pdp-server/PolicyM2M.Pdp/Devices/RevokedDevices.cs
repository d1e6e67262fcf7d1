using System.Collections.Immutable;
using System.Text.Json;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// Who was revoked when the registry was last found in step. It holds on while the registry is away, also over a restart, for which it is kept in a file. Safe for all threads:
/// <see cref="RegistryFollower"/> alone writes, and what is read never changes.
/// </summary>
internal sealed class RevokedDevices
{
    private readonly string _path;
    private ImmutableHashSet<string> _ids;
    private bool _isKept = true;
    private volatile DeviceRegistry _alone;

    private RevokedDevices(string path, ImmutableHashSet<string> ids) => (_path, _ids, _alone) = (path, ids, DeviceRegistry.OfRevoked(ids));

    /// <summary>A registry that knows nothing else.</summary>
    public DeviceRegistry Alone => _alone;

    /// <summary>Those of the last run; nobody where there is no file.</summary>
    /// <exception cref="StartupException">The file cannot be used. To go on without it could let in somebody who was revoked.</exception>
    public static RevokedDevices Open(string path)
    {
        try
        {
            string[] ids = File.Exists(path) ? JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(path)) ?? throw new JsonException("there is no list") : [];
            return new RevokedDevices(path, ImmutableHashSet.Create(StringComparer.Ordinal, ids));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            throw new StartupException($"{path} cannot be used, and says who is revoked while the registry cannot be reached: {fault.Message}; it is made anew where it is missing", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>Takes over what has changed in the registry.</summary>
    /// <exception cref="IOException">It cannot be kept over a restart; the next call tries again.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Take(DeviceRegistry registry, DeviceNews news)
    {
        ImmutableHashSet<string> ids = news.IsLoad
            ? ImmutableHashSet.CreateRange(StringComparer.Ordinal, registry.Revoked)
            : news.Changed.Aggregate(_ids, (known, id) => registry.IsRevoked(id) ? known.Add(id) : known.Remove(id));
        if (!ids.SetEquals(_ids))
            (_ids, _alone, _isKept) = (ids, DeviceRegistry.OfRevoked(ids), false);
        if (_isKept)
            return;
        PrivateFile.Replace(_path, JsonSerializer.Serialize(ids.Order(StringComparer.Ordinal)) + "\n");
        _isKept = true;
    }
}
