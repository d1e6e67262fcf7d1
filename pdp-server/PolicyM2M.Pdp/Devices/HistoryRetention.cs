using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Devices;

/// <summary>Forgets who changed what in the registry once it is old. Apart from the follower: however much there is to forget, changes are followed meanwhile.</summary>
internal sealed class HistoryRetention(DeviceStore store, TimeProvider clock, ILogger<HistoryRetention> log) : BackgroundService
{
    /// <summary>As many as one import of all the devices of a large site makes at once.</summary>
    internal const long Newest = 100_000;

    private static readonly TimeSpan Keep = TimeSpan.FromDays(30), Every = TimeSpan.FromHours(6), Retry = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool isDone = true;
        while (true)
        {
            isDone = await ForgetAsync(wasDone: isDone, stoppingToken);
            await Task.Delay(isDone ? Every : Retry, clock, stoppingToken);
        }
    }

    private async Task<bool> ForgetAsync(bool wasDone, CancellationToken stoppingToken)
    {
        try
        {
            await store.ForgetChangesAsync(clock.GetUtcNow() - Keep, Newest, stoppingToken);
            return true;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The same at every try is said once.
            if (wasDone)
                log.HistoryNotForgotten(fault.Message);
            return false;
        }
    }
}
