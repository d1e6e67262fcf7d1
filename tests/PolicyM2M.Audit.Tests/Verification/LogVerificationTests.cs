using System.Net.Sockets;
using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Testing;

namespace PolicyM2M.Audit.Tests.Verification;

/// <summary>What somebody did to a log is found, and where.</summary>
internal sealed class LogVerificationTests
{
    private const int Size = 700;

    private TestLog _log = null!;
    private string _before = null!;

    [SetUp]
    public void Write()
    {
        _log = new TestLog();
        using LogWriter writer = _log.Open();
        writer.Commit(RecordBatch.Of([.. Enumerable.Range(0, 400).Select(number => TestLog.Record(number))]));
        writer.Publish();
        _before = new AuditLogReader(_log.Path).ReadCheckpoint().Note;
        writer.Commit(RecordBatch.Of([.. Enumerable.Range(400, Size - 400).Select(number => TestLog.Record(number))]));
        writer.Publish();
    }

    [TearDown]
    public void Remove() => _log.Dispose();

    [Test]
    public void A_changed_record_is_named()
    {
        Rewrite(1, entries => entries[44][12] ^= 1);
        Finds("300 tile/entries/001: the record was changed: it is not the one that was signed here");
    }

    [Test]
    public void Records_that_changed_places_are_named()
    {
        Rewrite(0, entries => (entries[10], entries[20]) = (entries[20], entries[10]));
        Finds("10 tile/entries/000: the record that stands here was signed as number 20: one before it was removed or added, or they were moved",
            "20 tile/entries/000: the record that stands here was signed as number 10: one before it was removed or added, or they were moved");
    }

    [Test]
    public void A_removed_record_is_found_where_it_was()
    {
        Rewrite(0, entries => entries.RemoveAt(254));
        Finds("255 tile/entries/000: 1 record fewer than were signed: the file holds 255 and should hold 256",
            "254 tile/entries/000: the record that stands here was signed as number 255: one before it was removed or added, or they were moved");
    }

    [Test]
    public void A_log_that_was_cut_off_is_missing_its_end()
    {
        File.Delete(At("tile/entries/002.p/188"));
        Finds(" tile/entries/002.p/188: the records 512 to 699 are missing");
    }

    [Test]
    public void A_log_that_was_set_back_is_found_by_a_checkpoint_that_somebody_kept()
    {
        string now = File.ReadAllText(At("checkpoint"));
        File.WriteAllText(At("checkpoint"), _before);
        Finds(" checkpoint: there are whole tiles after the 400 records that it covers: an earlier checkpoint was put back, and nothing vouches for what came after it");
        Assert.That(_log.Verify(since: now).Findings[0].Message, Is.EqualTo("the log has 400 records, and had 700 when the earlier checkpoint was signed: 300 are gone"));
    }

    [Test]
    public void Records_that_were_removed_from_the_beginning_are_missing_unless_a_record_says_so()
    {
        File.Delete(At("tile/entries/000"));
        Finds("0 tile/entries/000: the records 0 to 255 are missing, and no record says that they were removed");
        // A start makes it again from the journal.
        using (LogWriter writer = _log.Open())
        {
            writer.Commit(RecordBatch.Of([TestLog.RemovalRecord(Size, before: 256)]));
            writer.Publish();
        }
        File.Delete(At("tile/entries/000"));
        Finds();
        Assert.That(_log.Verify().Removed, Is.EqualTo(256));
    }

    [Test]
    public void The_writer_removes_whole_bundles_and_the_rest_still_proves_itself()
    {
        using (LogWriter writer = _log.Open())
        {
            writer.Commit(RecordBatch.Of([TestLog.RemovalRecord(Size, before: 512)]));
            writer.Publish();
            Assert.That(writer.Remove(before: 600, most: 10), Is.False, "there are no more");
        }
        Finds();
        Assert.That((_log.Verify(since: _before).Removed, _log.Verify().Records), Is.EqualTo((512L, 189L)));
    }

    [Test]
    public void A_hash_that_was_changed_with_its_record_is_not_the_signed_one()
    {
        Rewrite(0, entries => entries[7][12] ^= 1);
        byte[] tile = File.ReadAllBytes(At("tile/0/000"));
        TreeHash.OfLeaf(Entries(0)[7]).CopyTo(tile.AsSpan(7 * TreeHash.Length));
        File.WriteAllBytes(At("tile/0/000"), tile);
        Finds(" tile/1/000.p/2: the tile of hashes is not that of the tiles below it",
            " checkpoint: the records do not give the root that was signed, and agree with the hashes in the tiles: records and tiles were made anew",
            "7 journal/0000000000000000000: the record in the journal is another than that of the tiles");
    }

    [Test]
    public void A_hash_that_was_changed_alone_does_not_accuse_its_record()
    {
        byte[] tile = File.ReadAllBytes(At("tile/0/001"));
        tile[40] ^= 1;
        File.WriteAllBytes(At("tile/0/001"), tile);
        Finds(" tile/1/000.p/2: the tile of hashes is not that of the tiles below it", "257 tile/0/001: the record is the one that was signed, and its hash in the tile is another");
    }

    [Test]
    public void A_record_of_the_journal_that_is_not_the_one_of_the_tiles_is_named()
    {
        string journal = new LogFolder(_log.Path).Journals().Single().Path;
        List<byte[]> entries = [.. RecordBatch.Read(File.ReadAllBytes(journal), out _).Select(entry => entry.Entry)];
        entries[300] = TestLog.Record(300, "something else");
        File.Delete(journal);
        Journal.Create(new LogFolder(_log.Path), 0, RecordBatch.Of(entries)).Dispose();
        Finds("300 journal/0000000000000000000: the record in the journal is another than that of the tiles");
    }

    [TestCase("checkpoint", " checkpoint: no key that is believed signed it", true)]
    [TestCase("checkpoint", " checkpoint: it is missing, and nothing else says what was signed", false)]
    [TestCase("tile/0/001", " tile/0/001: the tile of hashes is missing or too short", false)]
    [TestCase("tile/1/000.p/2", " tile/1/000.p/2: the tile of hashes is missing or too short", false)]
    public void What_is_missing_is_named(string file, string finding, bool isOfAnother)
    {
        if (isOfAnother)
        {
            using var other = new TestLog();
            other.Open().Dispose();
            File.Copy(Path.Combine(other.Path, file), At(file), overwrite: true);
        }
        else
        {
            File.Delete(At(file));
        }
        Finds(finding);
    }

    [Test]
    public void A_record_that_does_not_say_its_own_place_is_found_though_it_was_signed()
    {
        using (LogWriter writer = _log.Open())
        {
            writer.Commit(RecordBatch.Of([TestLog.Record(1)]));
            writer.Publish();
        }
        Finds("700 tile/entries/002.p/189: the record says that it is number 1");
    }

    [Test]
    public void A_record_of_a_bundle_that_is_not_whole_is_named_with_the_file_that_holds_it()
    {
        List<byte[]> entries = Entries("tile/entries/002.p/188");
        entries[40][12] ^= 1;
        File.WriteAllBytes(At("tile/entries/002.p/188"), EntryBundle.Write(entries));
        Finds("552 tile/entries/002.p/188: the record was changed: it is not the one that was signed here");
    }

    [Test]
    public void A_hash_of_a_tile_that_is_not_whole_is_named_with_the_file_that_holds_it()
    {
        byte[] tile = File.ReadAllBytes(At("tile/0/002.p/188"));
        tile[40] ^= 1;
        File.WriteAllBytes(At("tile/0/002.p/188"), tile);
        Finds("513 tile/0/002.p/188: the record is the one that was signed, and its hash in the tile is another");
    }

    [TestCase("tile/entries/002.p/100")]
    [TestCase("tile/0/002.p/100")]
    [TestCase("tile/1/000.p/1")]
    public void A_partial_tile_that_a_killed_process_left_must_be_what_was_signed(string leftOver)
    {
        File.WriteAllBytes(At("tile/entries/002.p/100"), EntryBundle.Write([.. Entries("tile/entries/002.p/188").Take(100)]));
        File.WriteAllBytes(At("tile/0/002.p/100"), File.ReadAllBytes(At("tile/0/002.p/188"))[..(100 * TreeHash.Length)]);
        // What no checkpoint covers yet is not whole where the process was killed while it wrote.
        File.WriteAllBytes(At("tile/entries/002.p/200"), [1, 2, 3]);
        Finds();
        byte[] altered = File.ReadAllBytes(At(leftOver));
        altered[20] ^= 1;
        File.WriteAllBytes(At(leftOver), altered);
        Finds($" {leftOver}: this form of the tile is of an earlier checkpoint, and is not what was signed: it was altered, or damaged");
    }

    [Test]
    public void A_journal_that_is_not_there_is_told_apart_from_one_with_nothing_new()
    {
        Assert.That(_log.Verify().HasJournal, Is.True);
        Directory.Delete(At("journal"), recursive: true);
        Finds();
        Assert.That(_log.Verify().HasJournal, Is.False);
    }

    [TestCase("checkpoint", "checkpoint", "it has more than 1048576 bytes")]
    [TestCase("tile/entries/000", "tile/entries/000", "it has more than 16777472 bytes")]
    [TestCase("tile/entries/002.p/188", "tile/entries/002.p/188", "it has more than 16777472 bytes")]
    [TestCase("tile/0/001", "tile/0/001", "it has more than 8192 bytes")]
    [TestCase("tile/1/000.p/2", "tile/1/000.p/2", "it has more than 8192 bytes")]
    [TestCase("journal/0000000000000000000", "journal/0000000000000000000", "it has more than 2147483583 bytes")]
    public void What_is_no_ordinary_file_is_told_and_nobody_waits_for_it(string file, string told, string tooLarge)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("named pipes and devices are for Linux");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        string aside = Path.Combine(_log.Path, "..", "s");
        (string Reason, Action Put)[] kinds =
        [
            ("it is no ordinary file", () => FinishedProcess.Run("mkfifo", [At(file)]).Succeeded()),
            ("it is no ordinary file", () => File.CreateSymbolicLink(At(file), "/dev/zero")),
            ("it is no ordinary file", () => { socket.Bind(new UnixDomainSocketEndPoint(aside)); File.CreateSymbolicLink(At(file), aside); }),
            ("it is a folder, and a file is expected", () => File.CreateSymbolicLink(At(file), "/")),
            (tooLarge, () => { using FileStream large = File.Create(At(file)); large.SetLength(1L << 31); }),
        ];
        foreach ((string reason, Action put) in kinds)
        {
            File.Delete(At(file));
            put();
            Assert.That(_log.Verify().Findings.Select(finding => $"{finding.File}: {finding.Message}"), Has.One.EqualTo($"{told}: {reason}"));
        }
    }

    private void Finds(params string[] findings) => Assert.That(_log.Verify(since: null).Findings.Select(finding => $"{finding.Number} {finding.File}: {finding.Message}"), Is.EqualTo(findings));

    private string At(string file) => Path.Combine(_log.Path, file);

    private List<byte[]> Entries(int bundle) => Entries($"tile/entries/00{bundle}");

    private List<byte[]> Entries(string file) => [.. EntryBundle.Read(File.ReadAllBytes(At(file)), out _).Select(entry => entry.ToArray())];

    private void Rewrite(int bundle, Action<List<byte[]>> change)
    {
        List<byte[]> entries = Entries(bundle);
        change(entries);
        File.WriteAllBytes(At($"tile/entries/00{bundle}"), EntryBundle.Write(entries));
    }
}
