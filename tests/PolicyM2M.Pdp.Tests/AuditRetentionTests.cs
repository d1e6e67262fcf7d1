using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Which records are older than they are kept.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AuditRetentionTests
{
    [Test]
    public async Task Retention_tells_what_is_old_enough()
    {
        using var folder = new TemporaryFolder();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        AuditLog log = AuditLog.Open(new AuditLogOptions(folder["log"], "test", key, _ => throw new InvalidOperationException()));
        for (int day = 0; day < 20; day++)
            log.Note(new WireEntry(new AuditSubject(start.AddDays(day / 4.0), null, "", Pseudonyms.None).Record()));
        await log.DisposeAsync();
        Assert.That(AuditRetention.First(new AuditLogReader(folder["log"]), 0, start.AddDays(0.5), default), Is.EqualTo((0L, 2L)));
        Assert.That(AuditRetention.First(new AuditLogReader(folder["log"]), 0, start.AddYears(9), default), Is.EqualTo((0L, 4L)), "a clock that jumps ahead costs a day's records and not all");
    }

    [Test]
    public async Task Old_entries_that_cannot_be_removed_are_told_of_and_answers_go_on()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => MonitorTests.WithMonitor(options) with { Audit = AuditTests.Durable });
        for (int i = 0; i < 300; i++)
            pdp.Trail.Note(null, "", record => record.Denial = new AuditDenial());
        await AuditTests.Records(pdp);
        using var http = new HttpClient();
        string page = $"{pdp.Server.Services.GetRequiredService<MonitorListener>().Address}/metrics";
        using (BusyFile.Hold(Path.Combine(pdp.Data.Audit, "tile/entries/000")))
        {
            pdp.Trail.Log!.RemoveBefore(256);
            await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
            await RunningPdp.Eventually(() => http.GetStringAsync(page), metrics => metrics.Contains("policym2m_pdp_audit_removal_failed 1\n", StringComparison.Ordinal));
            await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
            Assert.That(pdp.Log.Lines, Has.Some.StartsWith("Error: old entries of the audit log could not be removed, which is tried again, and the log grows meanwhile: "));
        }
        await RunningPdp.Eventually(() => http.GetStringAsync(page), metrics => metrics.Contains("policym2m_pdp_audit_removal_failed 0\n", StringComparison.Ordinal));
        Assert.That(pdp.Log.Lines, Has.Some.EqualTo("Information: old entries of the audit log are removed again").And.None.Contains("cannot be written"));
    }

    [Test]
    public async Task Retention_does_not_look_for_what_it_knows_to_be_gone()
    {
        using var folder = new TemporaryFolder();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        AuditLog log = AuditLog.Open(new AuditLogOptions(folder["log"], "test", key, _ => throw new InvalidOperationException()));
        for (int minute = 0; minute < 600; minute++)
            log.Note(new WireEntry(new AuditSubject(start.AddMinutes(minute), null, "", Pseudonyms.None).Record()));
        await log.DisposeAsync();
        var reader = new AuditLogReader(folder["log"]);
        Assert.That(AuditRetention.First(reader, 0, start.AddMinutes(300), default), Is.EqualTo((0L, 300L)));
        Assert.That(AuditRetention.First(reader, 256, start.AddMinutes(300), default), Is.EqualTo((256L, 300L)));
        Assert.That(AuditRetention.First(reader, 600, start.AddMinutes(300), default), Is.EqualTo((600L, 600L)));
    }
}
