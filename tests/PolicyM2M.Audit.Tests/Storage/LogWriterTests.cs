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
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, size).Select(number => TestLog.Record(number))]));
            writer.Publish();
        }
        AuditCheckpoint before = new AuditLogReader(log.Path).ReadCheckpoint();
        using (LogWriter writer = log.Open())
        {
            Assert.That(writer.Size, Is.EqualTo(size));
            writer.Commit(RecordBatch.Of([TestLog.Record(size, "the last")]));
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
        List<Checkpoint> all = [];
        var random = new Random(4);
        for (int round = 0; round < 12; round++)
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range((int)writer.Size, random.Next(1, 150)).Select(number => TestLog.Record(number))]));
            writer.Publish();
            Checkpoint now = writer.Published;
            var reader = new AuditLogReader(log.Path);
            long number = random.NextInt64(now.Size);
            var leaf = TreeHash.OfLeaf(TestLog.Record(number));
            Assert.That(TreeVerification.Includes(now.Root, now.Size, number, leaf, [.. reader.ProveInclusion(number, now.Size).Select(hash => new TreeHash(hash))]), Is.True);
            foreach (Checkpoint earlier in all)
                Assert.That(TreeVerification.GrewOutOf(earlier.Root, earlier.Size, now.Root, now.Size, [.. reader.ProveConsistency(earlier.Size, now.Size).Select(hash => new TreeHash(hash))]), Is.True);
            all.Add(now);
            // Also against a checkpoint that somebody kept, of which no tile is left.
            foreach (Checkpoint kept in all)
            {
                long last = kept.Size - 1;
                Assert.That(TreeVerification.Includes(kept.Root, kept.Size, last, TreeHash.OfLeaf(TestLog.Record(last)), [.. reader.ProveInclusion(last, kept.Size).Select(hash => new TreeHash(hash))]), Is.True);
                Assert.That(reader.ReadEntries(0, kept.Size).Count(), Is.EqualTo(kept.Size));
            }
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
                writer.Commit(RecordBatch.Of([TestLog.Record(i, $"record {i}")]));
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
            writer.Commit(RecordBatch.Of([TestLog.Record(writer.Size)]));
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
            writer.Commit(RecordBatch.Of([.. Enumerable.Range((int)writer.Size, random.Next(1, 400)).Select(number => TestLog.Record(number))]));
            string before = log.Copy($"before {step}");
            if (random.Next(3) > 0)
            {
                writer.Publish();
                File.Copy(Path.Combine(log.Path, "checkpoint"), Path.Combine(before, "checkpoint.next"));
            }
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
    [TestCase("no checkpoint", "the checkpoint of the log")]
    [TestCase("no checkpoint and no tiles", "the checkpoint of the log")]
    [TestCase("no checkpoint and no records", "is not the key of this decision point's log")]
    [TestCase("an earlier checkpoint", "an earlier checkpoint was put back")]
    public void A_log_that_is_not_what_was_signed_is_not_written_on(string what, string message)
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 5).Select(number => TestLog.Record(number))]));
            writer.Publish();
        }
        string journal = new LogFolder(log.Path).Journals().Single().Path, checkpoint = Path.Combine(log.Path, "checkpoint"), entries = Path.Combine(log.Path, "tile/entries/000.p/5");
        byte[] bytes = File.ReadAllBytes(journal);
        using var other = new TestLog();
        switch (what)
        {
            case "records that were signed are gone":
                File.WriteAllBytes(journal, bytes[..(bytes.Length / 5 * 3)]);
                File.Delete(entries);
                break;
            case "another record":
                bytes[(bytes.Length / 5 * 2) + 20] ^= 1;
                File.WriteAllBytes(journal, bytes);
                byte[] bundle = File.ReadAllBytes(entries);
                bundle[^1] ^= 1;
                File.WriteAllBytes(entries, bundle);
                break;
            case "no checkpoint":
                File.Delete(checkpoint);
                File.WriteAllBytes(journal, []);
                break;
            case "no checkpoint and no tiles":
                File.Delete(checkpoint);
                Directory.Delete(Path.Combine(log.Path, "tile"), recursive: true);
                break;
            case "no checkpoint and no records":
                File.Delete(checkpoint);
                File.WriteAllBytes(journal, []);
                Directory.Delete(Path.Combine(log.Path, "tile"), recursive: true);
                File.WriteAllText(Path.Combine(log.Path, "key"), NoteKey.Of("pdp.test/other", other.Key).ToString());
                break;
            case "an earlier checkpoint":
                string earlier = File.ReadAllText(checkpoint);
                using (LogWriter writer = log.Open())
                {
                    writer.Commit(RecordBatch.Of([.. Enumerable.Range(5, 300).Select(number => TestLog.Record(number))]));
                    writer.Publish();
                }
                File.WriteAllText(checkpoint, earlier);
                bytes = File.ReadAllBytes(journal);
                break;
            case "no journal":
                File.Delete(journal);
                break;
            default:
                File.WriteAllText(Path.Combine(log.Path, "checkpoint"), SignedNote.Sign("pdp.test/audit\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", NoteKey.Of("pdp.test/audit", other.Key), other.Key));
                break;
        }
        byte[]? before = File.Exists(journal) ? File.ReadAllBytes(journal) : null;
        Assert.That(() => log.Open(), Throws.TypeOf<AuditLogException>().With.Message.Contains(message));
        Assert.That(File.Exists(journal) ? File.ReadAllBytes(journal) : null, Is.EqualTo(before), "it is evidence, and stays as it is");
    }

    [Test]
    public void A_journal_that_is_damaged_is_made_anew_from_the_tiles_and_keeps_what_came_after_the_checkpoint()
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 300).Select(number => TestLog.Record(number))]));
            writer.Publish();
            writer.Commit(RecordBatch.Of([TestLog.Record(300, "not signed yet")]));
        }
        string journal = new LogFolder(log.Path).Journals().Single().Path;
        byte[] bytes = File.ReadAllBytes(journal);
        bytes[2_000] ^= 1;
        File.WriteAllBytes(journal, bytes);
        Assert.That(log.Verify().Findings.Select(finding => $"{finding.File}: {finding.Message}"), Is.EqualTo(new[] { "journal/0000000000000000000: the journal is damaged from here on: it held what was signed up to record 299" }));

        using (LogWriter writer = log.Open())
            Assert.That((writer.Size, writer.Unsigned, writer.Mended.Single()), Is.EqualTo((301L, 1L, "journal/0000000000000000000 did not hold what was signed, and was made anew from the tiles")));
        Assert.That(log.Verify().Findings, Is.Empty);
        Assert.That(TestLog.TextOf(new AuditLogReader(log.Path).ReadEntries(300, 301).Single().Record), Is.EqualTo("not signed yet"));
        Assert.That(File.ReadAllBytes($"{journal}.damaged"), Is.EqualTo(bytes));
    }

    [Test]
    public void Of_two_journals_the_one_that_reaches_further_counts()
    {
        using var log = new TestLog();
        string before;
        using (LogWriter writer = log.Open(longestJournal: 1_000))
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 300).Select(number => TestLog.Record(number))]));
            before = log.Copy("before");
            writer.Publish();
            writer.Commit(RecordBatch.Of([TestLog.Record(300)]));
        }
        // As after a power cut that took back that the earlier one was removed.
        string earlier = new LogFolder(before).Journals().Single().Path;
        File.Copy(earlier, Path.Combine(log.Path, "journal", Path.GetFileName(earlier)));
        Assert.That(new LogFolder(log.Path).Journals(), Has.Count.EqualTo(2));

        using (LogWriter writer = log.Open())
            Assert.That(writer.Size, Is.EqualTo(301));
        Assert.That(new LogFolder(log.Path).Journals().Single().From, Is.EqualTo(256));
        Assert.That(log.Verify().Findings, Is.Empty);
    }

    [TestCase("tile/entries/000")]
    [TestCase("tile/entries/001.p/44")]
    [TestCase("tile/0/000")]
    public void A_tile_that_was_altered_is_kept_and_told_of_before_it_is_made_anew(string tile)
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 300).Select(number => TestLog.Record(number))]));
            writer.Publish();
        }
        byte[] altered = File.ReadAllBytes(Path.Combine(log.Path, tile));
        altered[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(log.Path, tile), altered);

        using (LogWriter writer = log.Open())
            Assert.That(writer.Mended, Is.EqualTo(new[] { $"{tile} was altered, or damaged; what it held is kept as altered/{tile}, and it was made anew from the journal" }));
        Assert.That(File.ReadAllBytes(Path.Combine(log.Path, "altered", tile)), Is.EqualTo(altered));
        Assert.That(log.Verify().Findings, Is.Empty);
    }

    [Test]
    public void Tiles_that_are_gone_are_made_anew_and_told_of()
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 300).Select(number => TestLog.Record(number))]));
            writer.Publish();
        }
        Directory.Delete(Path.Combine(log.Path, "tile"), recursive: true);

        using (LogWriter writer = log.Open())
            Assert.That(writer.Mended, Is.EqualTo(new[] { "whole files of tiles and entries that a checkpoint covers were not there, 2 in number, and were made anew from the journal" }));
        Assert.That(log.Verify().Findings, Is.Empty);
    }

    [Test]
    public void What_a_killed_process_left_beside_the_last_tiles_goes_and_is_kept_where_it_was_altered()
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 300).Select(number => TestLog.Record(number))]));
            writer.Publish();
        }
        string Partial(int width) => Path.Combine(log.Path, $"tile/entries/001.p/{width}");
        byte[] whole = File.ReadAllBytes(Partial(44)), altered = [.. whole[..^1], (byte)(whole[^1] ^ 1)];
        int[] ends = [.. Enumerable.Range(256, 44).Select(number => 2 + TestLog.Record(number).Length)];
        File.WriteAllBytes(Partial(20), whole[..ends[..20].Sum()]);
        File.WriteAllBytes(Partial(30), altered[^ends[^30..].Sum()..]);
        byte[] kept = File.ReadAllBytes(Partial(30));

        using (LogWriter writer = log.Open())
        {
            Assert.That(writer.Mended, Is.EqualTo(new[] { "tile/entries/001.p/30 was altered, or damaged; what it held is kept as altered/tile/entries/001.p/30, and it was of an earlier checkpoint, so that nothing takes its place" }));
            Assert.That(new LogFolder(log.Path).PartialsOf("tile/entries/001").Select(partial => partial.Width), Is.EqualTo(new[] { 44 }));
        }
        Assert.That(File.ReadAllBytes(Path.Combine(log.Path, "altered/tile/entries/001.p/30")), Is.EqualTo(kept));
        Assert.That(log.Verify().Findings, Is.Empty);
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no modes")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Every_file_is_for_its_owner_only()
    {
        using var log = new TestLog();
        using LogWriter writer = log.Open();
        writer.Commit(RecordBatch.Of([TestLog.Record(0)]));
        writer.Publish();
        Assert.That(Directory.EnumerateFiles(log.Path, "*", SearchOption.AllDirectories).Where(file => File.GetUnixFileMode(file) != (UnixFileMode.UserRead | UnixFileMode.UserWrite)), Is.Empty);
    }

    [Test]
    public void A_log_that_was_begun_and_not_signed_begins_again_under_its_name()
    {
        using var log = new TestLog();
        log.Open().Dispose();
        File.Delete(Path.Combine(log.Path, "checkpoint"));
        using LogWriter writer = LogWriter.Open(new LogFolder(log.Path), "pdp.test/other", log.Key, 1 << 20);
        Assert.That(writer.Key.Name, Is.EqualTo("pdp.test/audit"));
    }

    [Test]
    public void So_many_bundles_are_looked_at_at_once_and_a_later_process_goes_on_with_the_first_that_is_there()
    {
        using var log = new TestLog();
        var first = new List<(bool IsMore, long First)>();
        using (LogWriter writer = log.Open())
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 1_600).Select(number => TestLog.Record(number))]));
            writer.Publish();
            first.Add((writer.Remove(before: 1_400, most: 2), First()));
            first.Add((writer.Remove(before: 1_400, most: 1), First()));
        }
        using (LogWriter writer = log.Open())
        {
            // One look finds where to go on, which more would not if they tried each.
            first.Add((writer.Remove(before: 1_400, most: 2), First()));
            first.Add((writer.Remove(before: 1_400, most: 10), First()));
            first.Add((writer.Remove(before: 1_400, most: 10), First()));
        }
        Assert.That(first, Is.EqualTo(new[] { (true, 512L), (true, 768L), (true, 1_024L), (false, 1_280L), (false, 1_280L) }));

        long First() => new AuditLogReader(log.Path).ReadEntries(0, 1_600).First().Number;
    }

    [CancelAfter(20_000)]
    [Test]
    public void A_reader_does_not_try_each_bundle_that_is_not_there(CancellationToken cancellation)
    {
        using var log = new TestLog();
        using (LogWriter writer = log.Open())
        {
            writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 1_600).Select(number => TestLog.Record(number))]));
            writer.Publish();
            writer.Remove(before: 512, most: 10);
        }
        File.Delete(Path.Combine(log.Path, TilePath.Entries(4)));
        var reader = new AuditLogReader(log.Path);
        Assert.That(reader.ReadEntries(0, 1_600, cancellation).Select(entry => entry.Number),
            Is.EqualTo(Enumerable.Range(512, 512).Concat(Enumerable.Range(1_280, 320)).Select(number => (long)number)));
        Assert.That(reader.ReadEntries(0, 1L << 62, cancellation).Count(), Is.EqualTo(512 + 256), "however many there should be");
        Assert.That(() => reader.ReadEntries(0, 1_600, new CancellationToken(canceled: true)).Count(), Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase(0, 7), TestCase(7, 7), TestCase(8, 999), TestCase(1_000, 1_234), TestCase(1_235, 999_000), TestCase(999_001, 1_000_000), TestCase(1_000_001, 12_345_678), TestCase(12_345_679, 4_000_000_000_001)]
    [TestCase(4_000_000_000_002, null)]
    public void The_next_bundle_is_found_by_the_folders(long from, long? next)
    {
        using var log = new TestLog();
        var folder = new LogFolder(log.Path);
        folder.Create();
        Assert.That(BundleSearch.Next(folder, from, default), Is.Null, "there is none");
        foreach (long bundle in new[] { 7, 999, 1_234, 999_000, 1_000_000, 12_345_678, 4_000_000_000_001 })
            folder.Write(TilePath.Entries(bundle), [0]);
        // Those that are not whole, and what is no bundle.
        foreach (string other in new[] { TilePath.Entries(2, 17), "tile/entries/0005", "tile/entries/x000/005", "tile/entries/x002/9", "tile/entries/x9/000" })
            folder.Write(other, [0]);
        Assert.That(BundleSearch.Next(folder, from, default), Is.EqualTo(next));
        Assert.That(() => BundleSearch.Next(folder, from, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
    }
}
