using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// Who was revoked when the registry was last found in step. It holds on while the registry is away, also over a restart, for which it is kept in a file. It also holds on where the registry is
/// another one, or an earlier one, whether or not somebody wrote to it since: nobody is in good standing because a database was lost. Whoever is known to be revoked and is not in the registry is held
/// until the registry revokes them itself, or its changes hold a reinstatement that came after what is known.
/// Safe for all threads: <see cref="RegistryFollower"/> alone writes, and what is read never changes.
/// </summary>
internal sealed class RevokedDevices
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        // An earlier version reads the file too, as long as there is nothing to say that it does not know.
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly string _path;
    private volatile Known _known;
    private bool _isKept = true;
    private volatile DeviceRegistry _alone;

    private RevokedDevices(string path, Known known) => (_path, _known, _alone) = (path, known, DeviceRegistry.OfRevoked(known.All()));

    /// <summary>A registry that knows nothing else.</summary>
    public DeviceRegistry Alone => _alone;

    /// <summary>Those who are revoked although the registry does not say so.</summary>
    public ImmutableHashSet<string> Held => _known.Held;

    /// <summary>The registry that there was before this one; null where this is that one, or somebody has changed a device since, and so knows which one it is.</summary>
    public string? Earlier => _known.Earlier;

    /// <summary>Those of the last run; nobody where there is no file.</summary>
    /// <exception cref="StartupException">The file cannot be used. To go on without it could let in somebody who was revoked.</exception>
    public static RevokedDevices Open(string path)
    {
        try
        {
            Content known = OrdinaryFile.Find(path, PrivateFile.Largest) is { } file ? Read(file) : new Content("", 0, [], []);
            return new RevokedDevices(path, new Known(known.Registry, known.Sequence, [.. known.Revoked], [.. known.Held], known.Earlier));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupException(
                $"{path} cannot be used, and says who is revoked while the registry cannot be reached: {FaultText.Of(fault)}; put a copy of it in its place. Without it nobody is revoked until "
                + "the registry can be reached, and whom a registry revoked that was lost is not known any more", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>Takes over what has changed in the registry, and lets it know whom it must hold for revoked.</summary>
    /// <exception cref="IOException">It cannot be kept over a restart; the next call tries again.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Take(DeviceReplica replica, DeviceNews news)
    {
        if (_isKept && !news.IsLoad && news.Changed.Count == 0)
            return;
        Known before = _known;
        DeviceRegistry registry = replica.Registry;
        ImmutableHashSet<string> revoked = news.IsLoad
            ? ImmutableHashSet.CreateRange(StringComparer.Ordinal, registry.Revoked)
            : news.Changed.Aggregate(before.Revoked, (known, id) => registry.Find(id)?.Revocation is not null ? known.Add(id) : known.Remove(id));
        IEnumerable<string> suspects = news.IsLoad ? before.Revoked : news.Changed.Where(before.Revoked.Contains);
        // The row of a device cannot tell whether it was brought back or is an earlier one that somebody changed since: only a reinstatement tells. Numbers of another registry say nothing of this one's.
        IEnumerable<string> reinstated = before.Registry.Length == 0 || before.Registry == replica.Id
            ? news.Reinstated.Where(change => change.Value > before.Sequence).Select(change => change.Key)
            : [];
        ImmutableHashSet<string> held = before.Held.Union(suspects).Except(news.IsLoad ? revoked : news.Changed.Where(revoked.Contains)).Except(reinstated);
        registry.KeepRevoked(held);
        string? earlier = before.Registry.Length > 0 && before.Registry != replica.Id ? before.Registry : replica.Sequence > 0 ? null : before.Earlier;
        earlier = before.Earlier == replica.Id ? null : earlier;
        _known = new Known(replica.Id, replica.Sequence, revoked, held, earlier);
        // What a look found out of those who are known counts up to its number: the file must not remain behind, or it would take what is older for newer.
        if (news.IsLoad || earlier != before.Earlier || news.Changed.Any(id => before.IsRevoked(id) || revoked.Contains(id)))
            (_alone, _isKept) = (DeviceRegistry.OfRevoked(_known.All()), false);
        if (_isKept)
            return;
        var content = new Content(replica.Id, replica.Sequence, [.. revoked.Order(StringComparer.Ordinal)], [.. held.Order(StringComparer.Ordinal)], earlier);
        PrivateFile.Replace(_path, JsonSerializer.Serialize(content, Format) + "\n");
        _isKept = true;
    }

    /// <summary>What a file says. Those of earlier versions are a list of ids, and do not say of which registry.</summary>
    private static Content Read(byte[] file)
    {
        Content? content = file.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("["u8)
            ? new Content("", 0, JsonSerializer.Deserialize<string[]>(file, Format)!, [])
            : JsonSerializer.Deserialize<Content>(file, Format);
        return content is not null && content.Revoked.Concat(content.Held).All(id => id is not null) ? content : throw new JsonException("it names nobody where it should name a device");
    }

    /// <summary>What is known of one registry.</summary>
    /// <param name="Registry">Which one; empty where that is not known.</param>
    /// <param name="Sequence">The number of the change up to which this is known.</param>
    /// <param name="Revoked">Whom it revoked.</param>
    /// <param name="Held">Whom it did not, although they are known to be revoked.</param>
    /// <param name="Earlier">Which one was before it; null where nobody need be told of that.</param>
    private sealed record Known(string Registry, long Sequence, ImmutableHashSet<string> Revoked, ImmutableHashSet<string> Held, string? Earlier)
    {
        public ImmutableHashSet<string> All() => Revoked.Union(Held);

        public bool IsRevoked(string id) => Revoked.Contains(id) || Held.Contains(id);
    }

    /// <summary>The same, as the file has it.</summary>
    private sealed record Content(string Registry, long Sequence, string[] Revoked, string[] Held, string? Earlier = null);
}
