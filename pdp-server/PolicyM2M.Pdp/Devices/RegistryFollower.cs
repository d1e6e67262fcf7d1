using PolicyM2M.Engine.Contexts;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Devices;

/// <summary>Reads the registry before the first request, and again whenever its file changes.</summary>
internal sealed class RegistryFollower(RegistryFile file, RegistryState state, RevisionState revisions, PdpOptions options, TimeProvider clock, ILogger<RegistryFollower> log)
    : BackgroundService
{
    /// <summary>More lines than this about one reading help nobody.</summary>
    private const int MaximumWarnings = 10;

    /// <summary>Why the registry cannot be used, as it was last said: the same at every look is said once.</summary>
    private string? _refusal;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Follow();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Poll, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Follow();
        }
        catch (OperationCanceledException)
        {
            // The server ends, or never began because its address is taken: there is nothing left to follow for.
        }
    }

    /// <summary>
    /// A registry that cannot be used is one that is not there: to go on with the last good one would keep a device in good standing that
    /// somebody is just about to quarantine.
    /// </summary>
    private void Follow()
    {
        switch (file.Look())
        {
            case RegistryReading.Read { Registry: var registry }:
                _refusal = null;
                state.Replace(registry);
                log.RegistryRead(registry.All.Count == 1 ? "1 device" : $"{registry.All.Count} devices");
                Review(registry);
                break;
            case RegistryReading.Malformed { Reason: var reason }:
                // Said first: whoever sees that decisions changed finds the reason in the log.
                if (_refusal != reason)
                    log.RegistryRefused(file.Path, reason);
                _refusal = reason;
                state.Replace(DeviceRegistry.Empty);
                break;
            case RegistryReading.Missing:
                _refusal = null;
                log.RegistryMissing(file.Path);
                state.Replace(DeviceRegistry.Empty);
                break;
        }
    }

    /// <summary>A typo in the registry tightens decisions without a word, so it is said here.</summary>
    private void Review(DeviceRegistry registry)
    {
        var unusable = registry.All
            .SelectMany(device => revisions.Current.Active.Decider.Prepare(device.Value).Unusable.Select(value => (Device: device.Key, Value: value)))
            .Take(MaximumWarnings);
        foreach ((string device, UnusableValue value) in unusable)
            log.RegistryValueUnusable(device, value.Name, value.IsUnknown ? "no such attribute" : value.Expected);
    }
}
