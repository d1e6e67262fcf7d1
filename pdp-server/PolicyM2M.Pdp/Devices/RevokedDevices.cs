using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// Who was revoked when the registry was last found in step. It holds on while the registry is away, also over a restart, for which it is kept in a file. It also holds on where the registry is
/// another one, or an earlier one: nobody is in good standing because a database was lost. Whom such a registry does not itself know to be revoked is held until it revoked and reinstated them.
/// Safe for all threads: <see cref="RegistryFollower"/> alone writes, and what is read never changes.
/// </summary>
internal sealed class RevokedDevices
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly string _path;
    private Known _known;
    private bool _isKept = true;
    private volatile DeviceRegistry _alone;

    private RevokedDevices(string path, Known known) => (_path, _known, _alone) = (path, known, DeviceRegistry.OfRevoked(known.All));

    /// <summary>A registry that knows nothing else.</summary>
    public DeviceRegistry Alone => _alone;

    /// <summary>How many are revoked although the registry does not say so.</summary>
    public int Held => _known.Held.Count;

    /// <summary>Those of the last run; nobody where there is no file.</summary>
    /// <exception cref="StartupException">The file cannot be used. To go on without it could let in somebody who was revoked.</exception>
    public static RevokedDevices Open(string path)
    {
        try
        {
            Content? known = File.Exists(path) ? JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), Format) ?? throw new JsonException("it is empty") : null;
            return new RevokedDevices(path, known is null ? new Known("", 0, [], []) : new Known(known.Registry, known.Sequence, [.. known.Revoked], [.. known.Held]));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupException(
                $"{path} cannot be used, and says who is revoked while the registry cannot be reached: {FaultText.Of(fault)}; where it is missing it is made anew from the registry", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>Takes over what has changed in the registry, and lets it know whom it must hold for revoked.</summary>
    /// <exception cref="IOException">It cannot be kept over a restart; the next call tries again.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Take(DeviceReplica replica, DeviceNews news)
    {
        DeviceRegistry registry = replica.Registry;
        ImmutableHashSet<string> revoked = news.IsLoad
            ? ImmutableHashSet.CreateRange(StringComparer.Ordinal, registry.Revoked)
            : news.Changed.Aggregate(_known.Revoked, (known, id) => registry.Find(id)?.Revocation is not null ? known.Add(id) : known.Remove(id));
        ImmutableHashSet<string> held = news.IsLoad && _known.Registry.Length > 0 && (_known.Registry != replica.Id || replica.Sequence < _known.Sequence)
            ? _known.All
            : _known.Held;
        // Whom it revoked itself it may bring back.
        held = held.Except(revoked);
        registry.KeepRevoked(held);
        if (_known.Registry != replica.Id || !revoked.SetEquals(_known.Revoked) || !held.SetEquals(_known.Held))
        {
            // The number is that of the last of these changes: a backup from before it lacks one of them, and a later one none.
            (_known, _isKept) = (new Known(replica.Id, replica.Sequence, revoked, held), false);
            _alone = DeviceRegistry.OfRevoked(_known.All);
        }
        if (_isKept)
            return;
        var content = new Content(_known.Registry, _known.Sequence, [.. _known.Revoked.Order(StringComparer.Ordinal)], [.. _known.Held.Order(StringComparer.Ordinal)]);
        PrivateFile.Replace(_path, JsonSerializer.Serialize(content, Format) + "\n");
        _isKept = true;
    }

    /// <summary>What is known of one registry.</summary>
    /// <param name="Registry">Which one; empty for none.</param>
    /// <param name="Sequence">The number of its last change then.</param>
    /// <param name="Revoked">Whom it revoked.</param>
    /// <param name="Held">Whom an earlier one revoked, and it did not.</param>
    private sealed record Known(string Registry, long Sequence, ImmutableHashSet<string> Revoked, ImmutableHashSet<string> Held)
    {
        public ImmutableHashSet<string> All { get; } = Revoked.Union(Held);
    }

    /// <summary>The same, as the file has it.</summary>
    private sealed record Content(string Registry, long Sequence, string[] Revoked, string[] Held);
}
