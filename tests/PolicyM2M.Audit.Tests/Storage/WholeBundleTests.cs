using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Audit.Verification;
using PolicyM2M.Testing;

namespace PolicyM2M.Audit.Tests.Storage;

/// <summary>Checkpoints that go no further than the last whole bundle where many records came, and what is left for the one after.</summary>
internal sealed class WholeBundleTests
{
    private const int Many = 4_096;

    [TestCase(0, Many, Many), TestCase(0, Many + 37, Many), TestCase(0, Many + 255, Many), TestCase(0, Many + 256, Many + 256), TestCase(100, Many, Many), TestCase(100, Many + 200, Many + 256)]
    [TestCase(300, 65_536, 65_792)]
    public void Where_many_came_a_checkpoint_that_may_wait_is_over_whole_bundles_and_the_next_covers_the_rest(int before, int more, int covered)
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open();
        Append(writer, before);
        writer.Publish();
        Append(writer, more);

        writer.Publish(mayWait: true);
        LogVerdict whole = log.Verify();
        string note = new AuditLogReader(log.Path).ReadCheckpoint().Note;
        Assert.Multiple(() =>
        {
            Assert.That(writer.Published, Is.EqualTo(new Checkpoint("pdp.test/audit", covered, RootOf(covered))));
            Assert.That((writer.Size, whole.Records, whole.Unsigned), Is.EqualTo((before + more, (long)covered, (long)(before + more - covered))));
            Assert.That(whole.Findings, Is.Empty);
            Assert.That(Partials(log), Is.Empty);
        });

        writer.Publish(mayWait: true);
        LogVerdict all = log.Verify(since: note);
        Assert.Multiple(() =>
        {
            Assert.That(writer.Published, Is.EqualTo(new Checkpoint("pdp.test/audit", before + more, RootOf(before + more))));
            Assert.That((all.Records, all.Unsigned), Is.EqualTo(((long)(before + more), 0L)));
            Assert.That(all.Findings, Is.Empty);
            AssertAllAreThere(log.Path, before + more);
        });
    }

    [TestCase(0, Many - 1, true), TestCase(100, Many - 1, true), TestCase(0, 37, true), TestCase(0, Many + 37, false)]
    public void Where_few_came_or_none_follows_soon_a_checkpoint_covers_all(int before, int more, bool mayWait)
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open();
        Append(writer, before);
        writer.Publish();
        Append(writer, more);

        writer.Publish(mayWait);
        Assert.That(writer.Published, Is.EqualTo(new Checkpoint("pdp.test/audit", before + more, RootOf(before + more))));
        Assert.That(Partials(log), Has.Length.EqualTo(2), "one of hashes, and one of entries");
        Assert.That(log.Verify().Findings, Is.Empty);
    }

    /// <summary>Also where the journal was begun anew with it, and holds nothing but what is left.</summary>
    [TestCase(1 << 20), TestCase(1_000)]
    public void What_waited_is_there_and_signed_after_the_process_was_killed(int longestJournal)
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open(longestJournal: longestJournal);
        Append(writer, Many + 37);
        writer.Publish(mayWait: true);
        string killed = log.Copy("killed");
        Assert.That(new LogFolder(killed).Journals().Single().From, Is.EqualTo(longestJournal == 1_000 ? Many : 0));

        using (LogWriter again = log.Open(killed))
        {
            Assert.That((again.Size, again.Unsigned, again.Published.Size), Is.EqualTo((Many + 37L, 37L, Many + 37L)));
            Assert.That(again.Mended, Is.Empty);
        }
        Assert.That(log.Verify(killed).Findings, Is.Empty);
        AssertAllAreThere(killed, Many + 37);
    }

    [Test]
    public void Wherever_it_is_killed_while_checkpoints_wait_what_was_committed_is_there() => SeededProperty.Holds(4, random =>
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open(longestJournal: 60_000);
        for (int step = 0; step < 5; step++)
        {
            Append(writer, random.Next(2) == 0 ? random.Next(1, 400) : random.Next(Many, Many + 600));
            string before = log.Copy($"before {step}");
            writer.Publish(mayWait: true);
            // As if it had been killed while it published: some of the new files are there.
            File.Copy(Path.Combine(log.Path, "checkpoint"), Path.Combine(before, "checkpoint.next"));
            string tiles = Path.Combine(log.Path, "tile");
            foreach (string file in Directory.EnumerateFiles(tiles, "*", SearchOption.AllDirectories).Where(_ => random.Next(2) > 0))
            {
                string target = Path.Combine(before, "tile", Path.GetRelativePath(tiles, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target, overwrite: true);
            }
            foreach (string killed in new[] { before, log.Copy($"after {step}") })
            {
                using LogWriter again = log.Open(killed);
                LogVerdict verdict = log.Verify(killed);
                Assert.That((again.Size, verdict.Records, verdict.Unsigned), Is.EqualTo((writer.Size, writer.Size, 0L)), () => string.Join('\n', verdict.Findings));
                Assert.That(verdict.Findings, Is.Empty);
            }
        }
    });

    private static void Append(LogWriter writer, int count) => writer.Commit(RecordBatch.Of([.. Enumerable.Range((int)writer.Size, count).Select(number => TestLog.Record(number))]));

    private static TreeHash RootOf(int size)
    {
        var shorter = new Frontier();
        for (int number = 0; number < size; number++)
            shorter.Append(TreeHash.OfLeaf(TestLog.Record(number)));
        return shorter.Root;
    }

    /// <summary>The partial files of records: those of the levels above, of which there is one in sixteen thousand records, may be there.</summary>
    private static string[] Partials(TestLog log) =>
    [
        .. new[] { "tile/0", TilePath.EntriesFolder }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(log.Path, folder), "*", SearchOption.AllDirectories))
            .Where(file => Path.GetDirectoryName(file)!.EndsWith(TilePath.PartialsOf(""), StringComparison.Ordinal)),
    ];

    private static void AssertAllAreThere(string path, int size) =>
        Assert.That(new AuditLogReader(path).ReadEntries(0, size).Select(entry => entry.Number), Is.EqualTo(Enumerable.Range(0, size).Select(number => (long)number)));
}
