using PolicyM2M.Audit.Storage;
using PolicyM2M.Audit.Verification;

namespace PolicyM2M.Audit.Tests.Storage;

/// <summary>What becomes of records while the journal can be written, and tiles cannot.</summary>
internal sealed class UnwritableTilesTests
{
    [Test]
    public void While_tiles_cannot_be_written_records_wait_for_them_and_no_longer_than_a_start_can_read_the_journal()
    {
        using var log = new TestLog();
        string inTheWay = Path.Combine(log.Path, "tile");
        int committed = 0;
        using (LogWriter writer = log.Open(longestJournal: 20_000))
        {
            File.WriteAllText(inTheWay, "");
            Assert.That(() => { for (; committed < 1_000; committed++) writer.Commit(RecordBatch.Of([.. Enumerable.Range(committed * 100, 100).Select(number => TestLog.Record(number))])); }, Throws.InstanceOf<IOException>());
            Assert.That(committed, Is.InRange(10, 100));
            Assert.That(() => writer.Publish(), Throws.InstanceOf<IOException>());
            Assert.That(writer.Size, Is.EqualTo(committed * 100), "what was committed counts");

            File.Delete(inTheWay);
            writer.Commit(RecordBatch.Of([TestLog.Record(writer.Size)]));
            writer.Publish();
            Assert.That(new FileInfo(new LogFolder(log.Path).Journals().Single().Path).Length, Is.LessThan(20_000));
        }
        LogVerdict verdict = log.Verify();
        Assert.That(verdict.Findings, Is.Empty);
        Assert.That((verdict.Records, verdict.Unsigned), Is.EqualTo((committed * 100 + 1L, 0L)));
    }
}
