using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Audit.Verification;
using PolicyM2M.Testing;

namespace PolicyM2M.Audit.Tests.Storage;

/// <summary>The files of a log: what was committed is there, wherever the process ended.</summary>
internal sealed class LogWriterTests
{
    [TestCase(0), TestCase(1), TestCase(255), TestCase(256), TestCase(257), TestCase(65_536), TestCase(65_800)]
    public void A_log_of_any_size_is_sound_and_goes_on_where_it_ended(int size)
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit([.. Enumerable.Range(0, size).Select(number => TestLog.Record(number))]);
            writer.Publish();
        }
        AuditCheckpoint before = new AuditLogReader(log.Path).ReadCheckpoint();
        using (LogWriter writer = log.Open())
        {
            Assert.That(writer.Size, Is.EqualTo(size));
            writer.Commit([TestLog.Record(size, "the last")]);
            writer.Publish();
        }

        var reader = new AuditLogReader(log.Path);
        Assert.Multiple(() =>
        {
            Assert.That(log.Verify(since: before.Note).Findings, Is.Empty);
            Assert.That(reader.ReadEntries(0, size + 1).Select(entry => entry.Number), Is.EqualTo(Enumerable.Range(0, size + 1).Select(number => (long)number)));
            Assert.That(TestLog.TextOf(reader.ReadEntries(size, size + 1).Single().Record), Is.EqualTo("the last"));
        });
    }

    [Test]
    public void Proofs_from_the_tiles_hold()
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open();
        Checkpoint? before = null;
        var random = new Random(4);
        for (int round = 0; round < 12; round++)
        {
            writer.Commit([.. Enumerable.Range((int)writer.Size, random.Next(1, 150)).Select(number => TestLog.Record(number))]);
            writer.Publish();
            Checkpoint now = writer.Published;
            var reader = new AuditLogReader(log.Path);
            long number = random.NextInt64(now.Size);
            var leaf = TreeHash.OfLeaf(TestLog.Record(number));
            Assert.That(TreeVerification.Includes(now.Root, now.Size, number, leaf, [.. reader.ProveInclusion(number, now.Size).Select(hash => new TreeHash(hash))]), Is.True);
            if (before is not null)
                Assert.That(TreeVerification.GrewOutOf(before.Root, before.Size, now.Root, now.Size, [.. reader.ProveConsistency(before.Size, now.Size).Select(hash => new TreeHash(hash))]), Is.True);
            before = now;
        }
    }

    [Test]
    public void A_journal_that_ends_anywhere_loses_no_record_before_that()
    {
        using var log = new TestLog();
        long[] ends = new long[6];
        string journal;
        using (LogWriter writer = log.Open())
        {
            journal = new LogFolder(log.Path).Journals().Single().Path;
            for (int i = 0; i < 6; i++)
            {
                writer.Commit([TestLog.Record(i, $"record {i}")]);
                ends[i] = new FileInfo(journal).Length;
            }
        }
        for (long length = 0; length <= ends[^1]; length++)
        {
            string copy = log.Copy($"cut at {length}");
            using (FileStream file = File.Open(new LogFolder(copy).Journals().Single().Path, FileMode.Open))
                file.SetLength(length);
            using LogWriter writer = log.Open(copy);
            Assert.That(writer.Size, Is.EqualTo(ends.Count(end => end <= length)), $"of {length} bytes");
            writer.Commit([TestLog.Record(writer.Size)]);
            writer.Publish();
            Assert.That(log.Verify(copy).Findings, Is.Empty);
        }
    }

    [Test]
    public void Wherever_it_is_killed_what_was_committed_is_there() => SeededProperty.Holds(12, random =>
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open(longestJournal: 20_000);
        for (int step = 0; step < 12; step++)
        {
            writer.Commit([.. Enumerable.Range((int)writer.Size, random.Next(1, 400)).Select(number => TestLog.Record(number))]);
            string before = log.Copy($"before {step}");
            if (random.Next(3) > 0)
                writer.Publish();
            // As if it had been killed while it published: some of the new files are there. The journal of before is removed last of all.
            foreach (string file in Directory.EnumerateFiles(log.Path, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("checkpoint", StringComparison.Ordinal) && !file.EndsWith("lock", StringComparison.Ordinal) && !file.Contains("journal", StringComparison.Ordinal)))
            {
                string target = Path.Combine(before, Path.GetRelativePath(log.Path, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                if (random.Next(2) > 0)
                    File.Copy(file, target, overwrite: true);
            }
            foreach (string killed in new[] { before, log.Copy($"after {step}") })
            {
                using LogWriter again = log.Open(killed);
                Assert.That(again.Size, Is.EqualTo(writer.Size));
                LogVerdict verdict = log.Verify(killed);
                Assert.That((verdict.Records, verdict.Unsigned), Is.EqualTo((writer.Size, 0L)), () => string.Join('\n', verdict.Findings));
                Assert.That(verdict.Findings, Is.Empty);
            }
        }
    });

    [Test]
    public void A_second_writer_is_kept_out()
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open();
        Assert.That(() => log.Open(), Throws.TypeOf<AuditLogException>().With.Message.Contains("another process writes the log"));
    }

    [TestCase("records that were signed are gone", "was signed with 5 records and has 3")]
    [TestCase("another record", "was signed with 5 records and has 2")]
    [TestCase("another key", "is not one that this decision point signed")]
    [TestCase("no journal", "the journal of the log")]
    public void A_log_that_is_not_what_was_signed_is_not_written_on(string what, string message)
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit([.. Enumerable.Range(0, 5).Select(number => TestLog.Record(number))]);
            writer.Publish();
        }
        string journal = new LogFolder(log.Path).Journals().Single().Path;
        byte[] bytes = File.ReadAllBytes(journal);
        using var other = new TestLog();
        switch (what)
        {
            case "records that were signed are gone":
                File.WriteAllBytes(journal, bytes[..(bytes.Length / 5 * 3)]);
                break;
            case "another record":
                bytes[(bytes.Length / 5 * 2) + 20] ^= 1;
                File.WriteAllBytes(journal, bytes);
                break;
            case "no journal":
                File.Delete(journal);
                break;
            default:
                File.WriteAllText(Path.Combine(log.Path, "checkpoint"), SignedNote.Sign("pdp.test/audit\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", NoteKey.Of("pdp.test/audit", other.Key), other.Key));
                break;
        }
        Assert.That(() => log.Open(), Throws.TypeOf<AuditLogException>().With.Message.Contains(message));
    }
}
