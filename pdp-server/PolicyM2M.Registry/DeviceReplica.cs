namespace PolicyM2M.Registry;

/// <summary>What a look at the database changed in memory.</summary>
/// <param name="IsLoad">Whether everything was read anew, and not only what had changed.</param>
/// <param name="Changed">The devices that are not as they were.</param>
/// <param name="Reinstated">The number of the last reinstatement of each device that had one: since the look before, or ever where everything was read anew.</param>
public sealed record DeviceNews(bool IsLoad, IReadOnlyCollection<string> Changed, IReadOnlyDictionary<string, long> Reinstated);

/// <summary>
/// A copy of the registry in memory, kept in step with the database. It belongs to the one loop that calls it; what it keeps, <see cref="Registry"/>, is for all threads.
/// After any failure everything is read anew: a database that came back may be an older one, or another.
/// </summary>
public sealed class DeviceReplica
{
    private readonly DeviceStore _store;
    private bool _wasThere, _isInStep;
    private long _sequence;

    /// <param name="store">The registry on disk.</param>
    public DeviceReplica(DeviceStore store) => _store = store;

    /// <summary>The devices in memory. Another instance after everything was read anew.</summary>
    public DeviceRegistry Registry { get; private set; } = DeviceRegistry.Empty;

    /// <summary>Which registry it was read from: one that is made anew is another, and a backup is the same. Empty before anything was read.</summary>
    public string Id { get; private set; } = "";

    /// <summary>The number of the last change that it holds.</summary>
    public long Sequence => Volatile.Read(ref _sequence);

    /// <summary>Takes over what has changed in the database.</summary>
    /// <exception cref="RegistryUnavailableException">The database cannot be used; memory is as it was.</exception>
    public async Task<DeviceNews> SynchronizeAsync(CancellationToken cancellationToken = default)
    {
        bool wasInStep = _isInStep;
        _isInStep = false;
        DeviceNews news = wasInStep && await _store.ChangedSinceAsync(_sequence, cancellationToken).ConfigureAwait(false) is { } changes
            ? Apply(changes)
            : Replace(await LoadAsync(cancellationToken).ConfigureAwait(false));
        _isInStep = true;
        return news;
    }

    /// <summary>Waits until there may be something to take over.</summary>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public async Task WaitForNewsAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _store.WaitForNewsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RegistryUnavailableException)
        {
            _isInStep = false;
            throw;
        }
    }

    private async Task<LoadedDevices> LoadAsync(CancellationToken cancellationToken)
    {
        if (_wasThere)
        {
            try
            {
                return await _store.LoadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (RegistryUnavailableException)
            {
                // It may have been dropped and made anew, or be a backup of an earlier version: its tables are looked at below.
            }
        }
        await _store.MigrateAsync(create: !_wasThere, cancellationToken).ConfigureAwait(false);
        _wasThere = true;
        return await _store.LoadAsync(cancellationToken).ConfigureAwait(false);
    }

    private DeviceNews Apply(ChangedDevices changes)
    {
        foreach ((string id, Device? device) in changes.Changed)
        {
            if (device is null)
                Registry.Remove(id);
            else
                Registry.Put(device);
        }
        Volatile.Write(ref _sequence, changes.Sequence);
        return new DeviceNews(IsLoad: false, [.. changes.Changed.Select(change => change.Id)], changes.Reinstated);
    }

    private DeviceNews Replace(LoadedDevices loaded)
    {
        DeviceRegistry before = Registry, after = DeviceRegistry.Of(loaded.Devices);
        IEnumerable<string> changedOrNew = after.All.Where(device => !device.Equals(before.Find(device.Id))).Select(device => device.Id);
        IEnumerable<string> gone = before.All.Where(device => after.Find(device.Id) is null).Select(device => device.Id);
        string[] changed = [.. changedOrNew, .. gone];
        (Registry, Id) = (after, loaded.Registry);
        Volatile.Write(ref _sequence, loaded.Sequence);
        return new DeviceNews(IsLoad: true, changed, loaded.Reinstated);
    }
}
