using System.Security.Cryptography;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Which records are older than they are kept.</summary>
[TestFixture]
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
