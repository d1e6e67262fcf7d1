using PolicyM2M.Audit;
using PolicyM2M.Engine;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Devices;

/// <summary>Reads the registry before the first request, and keeps the copy in memory in step with the database.</summary>
internal sealed class RegistryFollower(
    DeviceReplica replica, DeviceStore store, RegistryState state, RevokedDevices revoked, RevisionState revisions, FirstImport firstImport, TimeProvider clock, ILogger<RegistryFollower> log)
    : BackgroundService
{
    /// <summary>More lines than this about one reading help nobody.</summary>
    private const int MaximumWarnings = 10;

    private const int ManyDevices = 10_000;

    /// <summary>A start waits no longer: the strictest for a while is better than no answer. What is quick enough need not be told of.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(5), QuickStart = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    private bool _isLost, _wasMissingSaid;

    /// <summary>Why it cannot be kept who is revoked, as it was last said: the same at every look is said once.</summary>
    private string? _unkept;

    /// <summary>The server starts without a registry where it must: what only the registry knows is then missing, and it goes on trying.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(LongestStart);
        try
        {
            Task following = FollowAsync(bounded.Token);
            if (await Task.WhenAny(following, Task.Delay(QuickStart, clock, bounded.Token)) != following)
                log.RegistryAwaited(store.Name, LongestStart.TotalSeconds);
            await following;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Lose($"{store.Name} did not answer within {LongestStart.TotalSeconds} seconds");
        }
        // Reading many devices leaves several times their size as garbage, and nobody waits for an answer yet: now it costs nothing to give it back.
        if (replica.Registry.Count > ManyDevices)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await WaitAsync(stoppingToken);
                await FollowAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends, or never began because its address is taken: there is nothing left to follow for.
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (_isLost)
        {
            await Task.Delay(Retry, clock, cancellationToken);
            return;
        }
        try
        {
            await replica.WaitForNewsAsync(cancellationToken);
        }
        catch (RegistryUnavailableException)
        {
            // The look that follows says why, or finds all well again.
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            DeviceNews news = await replica.SynchronizeAsync(cancellationToken);
            // First, so that whoever is told that a device is revoked knows that it stays so.
            string? earlier = revoked.Earlier;
            KeepRevoked(news);
            if (revoked.Earlier is { } lost && (lost != earlier || state.InStepAt is null))
                log.RegistryIsAnother(store.Name, Amount.Of(replica.Registry.Count, "device"));
            if (news.IsLoad && await firstImport.RunAsync(replica.Sequence, cancellationToken))
            {
                DeviceNews imported = await replica.SynchronizeAsync(cancellationToken);
                KeepRevoked(imported);
                news = news with { Changed = [.. news.Changed, .. imported.Changed] };
            }
            Take(news);
        }
        catch (RegistryUnavailableException fault)
        {
            Lose(fault.Message);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // Whatever it is, this loop goes on: without it the copy would be dropped for good.
            if (state.Fault is null)
                log.RegistryFailed(fault);
            Lose(fault.Message);
        }
    }

    private void Take(DeviceNews news)
    {
        bool wasAvailable = state.IsAvailable, isFirstSight = state.InStepAt is null || state.Fault is not null;
        state.Found(replica.Registry, replica.Sequence);
        // A connection that broke meanwhile has everything read again, which nobody need be told twice.
        if (news.IsLoad && isFirstSight)
            log.RegistryLoaded(store.Name, Amount.Of(replica.Registry.Count, "device"));
        (_isLost, _wasMissingSaid) = (false, false);
        if (wasAvailable)
            state.Watchers.Tell(news.Changed);
        else
            state.Watchers.TellAll();
        Review(news.Changed);
    }

    private void KeepRevoked(DeviceNews news)
    {
        try
        {
            int heldBefore = revoked.Held.Count;
            revoked.Take(replica, news);
            if (revoked.Held.Count > heldBefore || news.IsLoad && state.InStepAt is null && !revoked.Held.IsEmpty)
                log.RevokedHeld(revoked.Held.Count, store.Name);
            _unkept = null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            if (_unkept != fault.Message)
                log.RevokedNotKept(fault.Message);
            _unkept = fault.Message;
        }
    }

    private void Lose(string fault)
    {
        if (state.Fault is null && state.InStepAt is null)
            log.RegistryNeverRead(fault);
        else if (state.Fault is null)
            log.RegistryLost(fault, state.Grace.TotalSeconds);
        state.Lost(fault);
        _isLost = true;
        if (state.IsAvailable || _wasMissingSaid)
            return;
        _wasMissingSaid = true;
        // Said first: whoever sees that decisions changed finds the reason in the log.
        log.RegistryMissing();
        state.Watchers.TellAll();
    }

    /// <summary>What the registry says and the schema cannot use tightens decisions without a word, so it is said here.</summary>
    private void Review(IEnumerable<string> changed)
    {
        Decider decider = revisions.Current.Active.Decider;
        var unusable = changed.Select(replica.Registry.Find).OfType<Device>()
            .SelectMany(device => DeviceRules.Review(decider, device.ToContext()).Select(value => (Device: device.Id, value.Name, value.Expected)))
            .Take(MaximumWarnings);
        foreach ((string device, string name, string? expected) in unusable)
            log.RegistryValueUnusable(device, name, expected ?? "no such attribute");
    }
}
