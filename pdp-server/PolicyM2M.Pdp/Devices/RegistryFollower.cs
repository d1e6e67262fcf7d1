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

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Follow();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Poll, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            Follow();
    }

    private void Follow()
    {
        switch (file.Look())
        {
            case RegistryReading.Read { Registry: var registry }:
                state.Replace(registry);
                log.RegistryRead(registry.All.Count);
                Review(registry);
                break;
            case RegistryReading.Malformed { Reason: var reason }:
                log.RegistryRefused(file.Path, reason);
                break;
            case RegistryReading.Missing:
                state.Replace(DeviceRegistry.Empty);
                log.RegistryMissing(file.Path);
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
