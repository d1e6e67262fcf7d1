using System.Collections.Concurrent;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Testing;

namespace PolicyM2M.Audit.Tests.Appending;

/// <summary>Records from many threads, and what happens where they cannot be written.</summary>
[CancelAfter(60_000)]
internal sealed class AuditLogTests
{
    [TestCase(AuditDurability.Durable)]
    [TestCase(AuditDurability.Buffered)]
    public async Task What_all_threads_record_is_there_once(AuditDurability durability)
    {
        using var log = new TestLog();
        await using (AuditLog audit = AuditLog.Open(log.Options() with { Durability = durability, LineLength = 100 }))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
            {
                for (int i = 0; i < 500; i++)
                    await audit.RecordAsync(new TestLog.Entry($"{thread}/{i}"));
            })));
        }
        string[] texts = [.. new AuditLogReader(log.Path).ReadEntries(0, 4_000).Select(entry => TestLog.TextOf(entry.Record))];
        Assert.Multiple(() =>
        {
            Assert.That(texts, Is.EquivalentTo(Enumerable.Range(0, 8).SelectMany(thread => Enumerable.Range(0, 500).Select(i => $"{thread}/{i}"))));
            Assert.That(log.Verify().Findings, Is.Empty);
            Assert.That(log.Verify().Records, Is.EqualTo(4_000));
        });
    }

    [Test]
    public async Task A_durable_record_is_on_disk_when_its_caller_goes_on()
    {
        using var log = new TestLog();
        await using AuditLog audit = AuditLog.Open(log.Options());
        await audit.RecordAsync(new TestLog.Entry("seen"));
        using LogWriter killed = log.Open(log.Copy("killed"));
        Assert.That(killed.Size, Is.EqualTo(1));
    }

    [Test]
    public async Task A_checkpoint_follows_though_nothing_more_is_recorded()
    {
        using var log = new TestLog();
        await using AuditLog audit = AuditLog.Open(log.Options() with { CheckpointEvery = TimeSpan.FromMilliseconds(20) });
        await audit.RecordAsync(new TestLog.Entry("the only one"));
        while (audit.State.Published == 0)
            await Task.Delay(5);
        Assert.That(new AuditLogReader(log.Path).ReadCheckpoint().Size, Is.EqualTo(1));
    }

    [Test]
    public async Task Where_the_disk_is_full_nothing_goes_on_until_there_is_room()
    {
        using var log = new TestLog();
        using var disk = SmallDisk.Mount();
        var told = new List<string?>();
        await using AuditLog audit = AuditLog.Open(log.Options() with { Folder = Path.Combine(disk.Path, "log"), Told = told.Add });
        int kept = await FillAsync(audit);
        Assert.That(() => audit.Demand(), Throws.TypeOf<AuditLogException>().With.Message.Contains("No space left on device"));

        disk.MakeRoom();
        while (audit.State.Fault is not null)
            await Task.Delay(20);
        await audit.RecordAsync(new TestLog.Entry("and on"));
        await audit.DisposeAsync();

        Assert.That(told, Has.Count.EqualTo(2).And.Some.Null);
        Assert.That(log.Verify(Path.Combine(disk.Path, "log")).Findings, Is.Empty);
        // The one that was refused was tried again: it happened.
        Assert.That(new AuditLogReader(Path.Combine(disk.Path, "log")).ReadCheckpoint().Size, Is.InRange(kept + 1, kept + 2));
    }

    [Test]
    public async Task Where_it_may_shed_what_is_missing_is_counted_in_the_log_itself()
    {
        using var log = new TestLog();
        using var disk = SmallDisk.Mount();
        await using AuditLog audit = AuditLog.Open(log.Options() with { Folder = Path.Combine(disk.Path, "log"), WhenUnwritable = UnwritableLog.Sheds });
        while (audit.State.Fault is null)
            await audit.RecordAsync(new TestLog.Entry(new string('x', 5_000)));
        for (int i = 0; i < 3; i++)
            await audit.RecordAsync(new TestLog.Entry(new string('y', 5_000)));
        disk.MakeRoom();
        while (audit.State.Fault is not null)
            await audit.RecordAsync(new TestLog.Entry("z"));
        await audit.DisposeAsync();

        var reader = new AuditLogReader(Path.Combine(disk.Path, "log"));
        string[] texts = [.. reader.ReadEntries(0, reader.ReadCheckpoint().Size).Select(entry => TestLog.TextOf(entry.Record))];
        long missing = texts.Where(text => text.EndsWith("are missing", StringComparison.Ordinal)).Sum(text => long.Parse(text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Multiple(() =>
        {
            Assert.That(missing, Is.EqualTo(audit.State.Lost).And.GreaterThanOrEqualTo(1));
            Assert.That(log.Verify(Path.Combine(disk.Path, "log")).Findings, Is.Empty);
        });
    }

    [TestCase(UnwritableLog.Stops)]
    [TestCase(UnwritableLog.Sheds)]
    public async Task A_record_that_cannot_be_made_is_counted_as_missing_and_the_others_are_written(UnwritableLog whenUnwritable)
    {
        using var log = new TestLog();
        var told = new List<string>();
        await using AuditLog audit = AuditLog.Open(log.Options() with { WhenUnwritable = whenUnwritable, Unmade = (count, fault) => told.Add($"{count}: {fault.Message}") });
        await audit.RecordAsync(new TestLog.Entry("before"));
        foreach (AuditEntry bad in new AuditEntry[] { new TestLog.Unmakeable(), new TestLog.Entry(new string('x', 70_000)) })
        {
            if (whenUnwritable == UnwritableLog.Sheds)
                await audit.RecordAsync(bad);
            else
                await Assert.ThrowsAsync<AuditLogException>(() => audit.RecordAsync(bad).AsTask());
            await Assert.ThrowsAsync<AuditLogException>(() => audit.KeepAsync(bad));
        }
        await audit.RecordAsync(new TestLog.Entry("after"));
        Assert.That((audit.State.Lost, audit.State.Fault, audit.State.Waiting), Is.EqualTo((4L, (string?)null, 0)));
        await audit.DisposeAsync();

        Assert.That(told, Has.Count.EqualTo(4).And.Contains("1: nobody can write this").And.Contains("1: a record has 70009 bytes, and 65535 are the most"));
        Assert.That(new AuditLogReader(log.Path).ReadEntries(0, 6).Select(entry => TestLog.TextOf(entry.Record)), Is.EqualTo(new[] { "before", "1 are missing", "1 are missing", "1 are missing", "1 are missing", "after" }));
        Assert.That(log.Verify().Findings, Is.Empty);
    }

    [TestCase(UnwritableLog.Stops)]
    [TestCase(UnwritableLog.Sheds)]
    public async Task Where_the_writer_fails_as_nobody_expects_nothing_is_recorded_until_a_restart_and_nobody_waits_for_ever(UnwritableLog whenUnwritable)
    {
        using var log = new TestLog();
        var told = new List<string?>();
        await using AuditLog audit = AuditLog.Open(log.Options() with { WhenUnwritable = whenUnwritable, Told = told.Add, Unmade = (_, _) => throw new NotSupportedException("nobody listens") });
        await audit.RecordAsync(new TestLog.Entry("before"));
        audit.Note(new TestLog.Unmakeable());
        while (audit.State.Fault is null)
            await Task.Delay(5);

        Assert.That(() => audit.Demand(), Throws.TypeOf<AuditLogException>().With.Message.Contains("until the decision point is started again: nobody listens"));
        Assert.That(() => audit.RecordAsync(new TestLog.Entry("later")).AsTask(), Throws.TypeOf<AuditLogException>());
        Assert.That(() => audit.KeepAsync(new TestLog.Entry("later")), Throws.TypeOf<AuditLogException>());
        Assert.That(told, Is.EqualTo(new[] { audit.State.Fault }));
        await audit.DisposeAsync();
        using LogWriter again = log.Open();
        Assert.That(again.Size, Is.EqualTo(2), "what was written before is there");
    }

    [Test]
    public async Task What_was_noted_is_in_line_in_hand_or_on_disk_whenever_somebody_looks()
    {
        using var log = new TestLog();
        await using AuditLog audit = AuditLog.Open(log.Options() with { Durability = AuditDurability.Buffered, LineLength = 100_000 });
        long fewest = 0;
        for (int noted = 1; noted <= 20_000; noted++)
        {
            audit.Note(new TestLog.Entry("noted"));
            AuditLogState state = audit.State;
            fewest = Math.Min(fewest, state.Waiting + state.Size - noted);
        }
        Assert.That(fewest, Is.Zero);
    }

    [TestCase(UnwritableLog.Stops, AuditDurability.Durable)]
    [TestCase(UnwritableLog.Stops, AuditDurability.Buffered)]
    [TestCase(UnwritableLog.Sheds, AuditDurability.Durable)]
    public async Task A_disk_that_hangs_is_one_that_cannot_be_written_and_nobody_waits_for_it(UnwritableLog whenUnwritable, AuditDurability durability)
    {
        using var log = new TestLog();
        var told = new List<string?>();
        await using AuditLog audit = AuditLog.Open(log.Options() with { WhenUnwritable = whenUnwritable, Durability = durability, LineLength = 500, Told = told.Add });
        using var hanging = new HangingFile(Path.Combine(log.Path, "tile/entries/000"));
        string record = new('x', 5_000);
        // The whole bundle of these is more than the pipe in its place holds, and the line is full behind it.
        Task<string?>[] asking = [.. Enumerable.Range(0, 2_000).Select(_ => Task.Run(() => RefusalOf(async () => await audit.RecordAsync(new TestLog.Entry(record)))))];
        while (audit.State.Fault is null)
            await Task.Delay(20);
        string?[] refusals = await Task.WhenAll(asking);
        AuditLogState hangs = audit.State;
        string? kept = await RefusalOf(() => audit.KeepAsync(new TestLog.Entry("must be on disk"))), next = await RefusalOf(async () => await audit.RecordAsync(new TestLog.Entry("next")));
        hanging.Release();
        while (audit.State.Fault is not null)
            await Task.Delay(20);
        await audit.RecordAsync(new TestLog.Entry("and on"));

        const string Says = "the audit log cannot be written: the disk has not answered for 5 seconds";
        Assert.Multiple(() =>
        {
            Assert.That(hangs.Fault, Is.EqualTo("the disk has not answered for 5 seconds"));
            Assert.That(hangs.Writing, Is.GreaterThan(TimeSpan.Zero));
            Assert.That(told, Is.EqualTo(new[] { hangs.Fault, null }));
            Assert.That(refusals.Distinct(), whenUnwritable == UnwritableLog.Stops ? Has.All.AnyOf(Says, null) : Has.All.Null);
            Assert.That((kept, next), Is.EqualTo(whenUnwritable == UnwritableLog.Stops ? (Says, Says) : (Says, null)));
        });
    }

    [TestCase(AuditDurability.Durable, UnwritableLog.Stops, false, ExpectedResult = true)]
    [TestCase(AuditDurability.Durable, UnwritableLog.Stops, true, ExpectedResult = true, Description = "it begins to hang after it was asked whether it does")]
    [TestCase(AuditDurability.Durable, UnwritableLog.Sheds, false, ExpectedResult = true)]
    [TestCase(AuditDurability.Durable, UnwritableLog.Sheds, true, ExpectedResult = false)]
    [TestCase(AuditDurability.Buffered, UnwritableLog.Stops, false, ExpectedResult = false)]
    [TestCase(AuditDurability.Buffered, UnwritableLog.Sheds, true, ExpectedResult = false)]
    public bool What_must_be_on_disk_is_waited_for_whenever_it_begins_to_hang(AuditDurability durability, UnwritableLog whenUnwritable, bool hangs)
    {
        using var log = new TestLog();
        return (log.Options() with { Durability = durability, WhenUnwritable = whenUnwritable }).IsWaitedFor(isDurable: false, hangs);
    }

    [Test]
    public async Task What_is_removed_goes_a_part_with_each_checkpoint_though_nothing_more_is_recorded()
    {
        using var log = new TestLog();
        await using AuditLog audit = AuditLog.Open(log.Options() with { Durability = AuditDurability.Buffered, CheckpointEvery = TimeSpan.FromMilliseconds(20), MostRemovedAtOnce = 1 });
        audit.RemoveBefore(1_200);
        for (int i = 0; i < 1_300; i++)
            await audit.RecordAsync(new TestLog.Entry("old"));
        while (audit.State.Published < 1_300 || Directory.GetFiles(Path.Combine(log.Path, "tile/entries")).Length > 1)
            await Task.Delay(5, TestContext.CurrentContext.CancellationToken);
        Assert.That(new AuditLogReader(log.Path).ReadEntries(0, 1_300).First().Number, Is.EqualTo(4 * 256));
    }

    [Test]
    public async Task Entries_that_cannot_be_removed_keep_nothing_from_being_recorded_and_go_later()
    {
        using var log = new TestLog();
        var told = new ConcurrentQueue<string?>();
        await using AuditLog audit = AuditLog.Open(log.Options() with
        {
            Durability = AuditDurability.Durable,
            WhenUnwritable = UnwritableLog.Stops,
            CheckpointEvery = TimeSpan.FromMilliseconds(20),
            ToldOfRemoval = told.Enqueue,
        });
        await Task.WhenAll(Enumerable.Range(0, 600).Select(_ => audit.RecordAsync(new TestLog.Entry("old")).AsTask()));
        await Until(state => state.Published == 600);
        string bundle = Path.Combine(log.Path, "tile/entries/000");
        using (BusyFile.Hold(bundle))
        {
            audit.RemoveBefore(512);
            await audit.RecordAsync(new TestLog.Entry("removal"));
            await Until(state => state.NotRemoved is not null && state.Published == 601);
            for (long published = 601; published < 604; published++)
            {
                await audit.RecordAsync(new TestLog.Entry("new"));
                await Until(state => state.Published > published);
            }
            Assert.That((audit.Objection, audit.State.Fault, told.ToArray()), Is.EqualTo(((string?)null, (string?)null, new[] { audit.State.NotRemoved })));
            Assert.That(File.Exists(bundle), Is.True);
        }
        await Until(state => state.NotRemoved is null);
        Assert.That((File.Exists(bundle), File.Exists(Path.Combine(log.Path, "tile/entries/001")), told.Last()), Is.EqualTo((false, false, (string?)null)));

        async Task Until(Func<AuditLogState, bool> holds)
        {
            while (!holds(audit.State))
                await Task.Delay(5, TestContext.CurrentContext.CancellationToken);
        }
    }

    [Test]
    public async Task A_log_whose_disk_hangs_is_closed_all_the_same_and_says_what_may_be_missing()
    {
        using var log = new TestLog();
        var abandoned = new List<int>();
        AuditLog audit = AuditLog.Open(log.Options() with { Durability = AuditDurability.Buffered, Abandoned = abandoned.Add });
        using var hanging = new HangingFile(Path.Combine(log.Path, "tile/entries/000"));
        for (int i = 0; i < 300; i++)
            audit.Note(new TestLog.Entry(new string('x', 5_000)));
        while (audit.State.Fault is null)
            await Task.Delay(20);
        audit.Note(new TestLog.Entry("in line"));
        await audit.DisposeAsync();
        Assert.That(abandoned.Single(), Is.Positive);
    }

    private static async Task<string?> RefusalOf(Func<Task> asked)
    {
        try
        {
            await asked();
            return null;
        }
        catch (AuditLogException refusal)
        {
            return refusal.Message;
        }
    }

    [Test]
    public async Task What_must_be_on_disk_is_there_though_others_need_not_wait()
    {
        using var log = new TestLog();
        await using AuditLog audit = AuditLog.Open(log.Options() with { Durability = AuditDurability.Buffered });
        await audit.KeepAsync(new TestLog.Entry("seen"));
        using LogWriter killed = log.Open(log.Copy("killed"));
        Assert.That(killed.Size, Is.EqualTo(1));
    }

    private static async Task<int> FillAsync(AuditLog audit)
    {
        for (int kept = 0; ; kept++)
        {
            try
            {
                await audit.RecordAsync(new TestLog.Entry(new string('x', 5_000)));
            }
            catch (AuditLogException)
            {
                return kept;
            }
        }
    }
}
