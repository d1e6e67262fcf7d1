using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>
/// Removes records that are older than they are kept. That it does is a record itself, without which removing looks like what it would be otherwise. At each look at most a day's records go: where the
/// clock jumps ahead, somebody can still set it right.
/// </summary>
internal sealed class AuditRetention(AuditTrail audit, PdpOptions options, DataFolder data, TimeProvider clock, ILogger<AuditRetention> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1), MostAtOnce = TimeSpan.FromDays(1);

    /// <summary>The first record that is still there, and the first that stays.</summary>
    /// <param name="reader">The log.</param>
    /// <param name="from">The first record that may be there: years of hours looked for those before.</param>
    /// <param name="oldest">What happened before goes.</param>
    /// <param name="cancellation">Ends the search.</param>
    internal static (long There, long Kept) First(AuditLogReader reader, long from, DateTimeOffset oldest, CancellationToken cancellation)
    {
        long size = reader.ReadCheckpoint().Size, there = -1;
        foreach ((long number, ReadOnlyMemory<byte> record) in reader.ReadEntries(Math.Min(from, size), size, cancellation))
        {
            DateTimeOffset time = AuditRecord.Parser.ParseFrom(record.Span).Time.ToDateTimeOffset();
            if (there < 0)
                (there, oldest) = (number, Earlier(oldest, time + MostAtOnce));
            if (time >= oldest)
                return (there, number);
        }
        return (there < 0 ? size : there, size);
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (audit.Log is not { } kept || options.Audit.Keep is not { } keep)
            return;
        var reader = new AuditLogReader(data.Audit);
        long there = 0;
        using var timer = new PeriodicTimer(Every, clock);
        do
        {
            try
            {
                // On a thread of its own: years of records are read.
                (there, long first) = await Task.Run(() => First(reader, there, clock.GetUtcNow() - keep, stoppingToken), stoppingToken);
                first -= first % AuditLogReader.RemovedTogether;
                if (first <= there)
                    continue;
                await audit.RemovingAsync((ulong)first, stoppingToken);
                kept.RemoveBefore(first);
                log.AuditRemoved(first, keep);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                log.AuditNotRemoved(fault.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
