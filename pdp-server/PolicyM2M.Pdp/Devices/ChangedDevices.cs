namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// Which of the devices that somebody watches have changed since it looked last. However often one changes before that, it is here once: no more are held than are watched. Safe for all threads: one lock guards it,
/// and nobody waits under it.
/// </summary>
internal sealed class ChangedDevices
{
    private readonly Lock _lock = new();
    private HashSet<string> _ids = [];
    private TaskCompletionSource _any = NewSignal();

    /// <summary>Completes when there is one. Whoever waits takes it before it looks.</summary>
    public Task Any
    {
        get
        {
            lock (_lock)
                return _any.Task;
        }
    }

    /// <summary>A device has changed.</summary>
    public void Add(string id)
    {
        lock (_lock)
        {
            if (_ids.Add(id))
                _any.TrySetResult();
        }
    }

    /// <summary>Those that have changed, which then count as looked at.</summary>
    public IReadOnlySet<string> Take()
    {
        lock (_lock)
        {
            HashSet<string> ids = _ids;
            if (ids.Count > 0)
                (_ids, _any) = ([], NewSignal());
            return ids;
        }
    }

    /// <summary>Whoever waits must not run on the thread of who adds.</summary>
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
