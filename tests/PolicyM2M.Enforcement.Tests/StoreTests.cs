using System.Collections.Immutable;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Testing;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>The store as bytes and as a file: damaged, foreign, half-written, worn.</summary>
internal sealed class StoreTests
{
    private const string Device = "spiffe://test.example/device/plc-1";

    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private static StoreContent Content(ManualTime time)
    {
        var script = new PdpScript(time) { Stated = { ["lifecycle.state"] = "active" } };
        Wire.V1.DecideResponse response = script.Answer(new Wire.V1.DecideRequest { Form = Wire.V1.DecisionForm.Signed, Kinds = { Wire.V1.DecisionKind.Auth } }, "plc-1");
        TrustedKeys trusted = script.Signer.Trusted;
        var stamp = new RevisionStamp(new RevisionId("1111", "aaaa"), Now.AddDays(-1), null);
        var facts = new DeviceFacts("plc-1")
        {
            Served = stamp,
            LatestSeen = stamp with { IssuedAt = Now },
            Statement = new HeldStatement(response.Statement, trusted.Statement(response.Statement), Now.AddMinutes(30), Now.AddHours(1), true),
            Version = 3,
            ConfirmedBy = 7,
            ChangedAt = 9,
            Unchanged = ["abcd"],
        };
        var kept = new KeptDecision(response.SignedDecisions[0], trusted.Decision(response.SignedDecisions[0]), true) { FreshUntil = Now.AddHours(1), UsableUntil = Now.AddHours(2) };
        return new StoreContent(Now, PinnedKeys.None.With("https://pdp:1/", script.Signer.Published().Keys), ["device.type"], [facts], [kept]) { BootId = "boot" };
    }

    [Test]
    public async Task At_steady_state_flash_is_written_once_a_minute_however_much_is_asked()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        long before = client.Status.StoreWrites;
        for (int i = 0; i < 360; i++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(10));
            await client.DecideAsync(ClientWorld.Context, refresh: true);
        }
        Assert.That(client.Status.StoreWrites - before, Is.EqualTo(60));
    }

    [Test]
    public async Task News_of_a_device_is_told_at_once_and_is_no_write_of_its_own()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        long before = client.Status.StoreWrites;
        for (int change = 1; change <= 20; change++)
        {
            Task next = client.NextChange;
            world.Script.DeviceVersion++;
            world.Script.Publish(world.Script.Revision);
            await next;
            await client.DecideAsync(ClientWorld.Context);
        }
        Assert.That(client.Status.StoreWrites - before, Is.Zero);
    }

    [Test]
    public void What_is_written_is_read_back()
    {
        StoreContent content = Content(new ManualTime()), read = StoreFormat.Read(StoreFormat.Write(content).ToArray());
        Assert.That((read.BootId, read.Devices.Single().Version), Is.EqualTo(("boot", (long?)3)));
        Assert.That((read.LatestSeen, string.Join(",", read.NeededAttributes!), read.Keys.Trusted.Ids), Is.EqualTo((Now, "device.type", content.Keys.Trusted.Ids)));
        DeviceFacts facts = read.Devices.Single(), written = content.Devices.Single();
        Assert.That((facts.Statement!.FreshUntil, facts.Statement.ValidUntil), Is.EqualTo((Now.AddMinutes(30), Now.AddHours(1))));
        Assert.That((facts.Served, facts.LatestSeen, facts.Statement.Digest, facts.IsCurrent, facts.Unchanged.Single()), Is.EqualTo((written.Served, written.LatestSeen, written.Statement!.Digest, false, "abcd")));
        Assert.That(read.Decisions.Select(kept => (kept.Hash, kept.FreshUntil, kept.UsableUntil)), Is.EqualTo(content.Decisions.Select(kept => (kept.Hash, kept.FreshUntil, kept.UsableUntil))));
    }

    [Test]
    public void A_file_cut_at_any_length_or_altered_at_any_bit_is_deleted_and_reported()
    {
        using var folder = new TemporaryFolder();
        var file = new StoreFile(folder["store"], "decisions", Device, Key, 1 << 20);
        file.Save(StoreFormat.Write(Content(new ManualTime())).Span);
        byte[] whole = File.ReadAllBytes(folder["store"]);
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] altered = [.. whole];
            altered[at] ^= (byte)(1 << (at % 8));
            foreach (byte[] bytes in new[] { whole[..at], altered })
            {
                File.WriteAllBytes(folder["store"], bytes);
                Assert.That(file.Load(StoreFormat.Read, out string? discarded), Is.Null);
                Assert.That((string.IsNullOrEmpty(discarded), File.Exists(folder["store"])), Is.EqualTo((false, false)));
            }
        }
        File.WriteAllBytes(folder["store"], whole);
        Assert.That((file.Load(StoreFormat.Read, out string? none)?.LatestSeen, none), Is.EqualTo((Now, (string?)null)));
    }

    [Test]
    public void A_file_of_another_format_is_set_aside_and_not_lost()
    {
        using var folder = new TemporaryFolder();
        var file = new StoreFile(folder["store"], "decisions", Device, Key, 1 << 20);
        file.Save(StoreFormat.Write(Content(new ManualTime())).Span);
        byte[] other = File.ReadAllBytes(folder["store"]);
        other[4] = SealedBytes.Version + 1;
        File.WriteAllBytes(folder["store"], other);
        Assert.That(file.Load(StoreFormat.Read, out string? discarded), Is.Null);
        string aside = folder[$"store.format-{SealedBytes.Version + 1}"];
        Assert.That((File.Exists(folder["store"]), discarded), Is.EqualTo((false, $"it has the format {SealedBytes.Version + 1}, and this version of the program reads {SealedBytes.Version}; it is set aside as {aside}")));
        Assert.That(File.ReadAllBytes(aside), Is.EqualTo(other));
    }

    [Test]
    public void What_would_not_be_read_back_is_not_written_over_what_is()
    {
        using var folder = new TemporaryFolder();
        var file = new StoreFile(folder["store"], "decisions", Device, Key, 10_000);
        file.Save(StoreFormat.Write(Content(new ManualTime())).Span);
        Assert.That(() => file.Save(new byte[10_000]), Throws.InstanceOf<IOException>().With.Message.Contains("at most 10000 are read back"));
        Assert.That(file.Load(StoreFormat.Read, out _)?.LatestSeen, Is.EqualTo(Now));
    }

    [Test]
    public void The_devices_of_a_store_are_bounded_in_bytes_and_those_longest_unused_go_without_their_statements()
    {
        DeviceFacts facts = Content(new ManualTime()).Devices.Single();
        DeviceSlot[] slots = [.. Enumerable.Range(0, 10).Select(i => new DeviceSlot(facts with { Device = $"plc-{i}" }) { UsedAt = i == 0 ? 0 : 100 - i })];
        long each = StoredDevices.Within([slots[1]], slots[0], long.MaxValue).Sum(one => 640 + one.Statement!.Signed.Payload.Length + 65);
        ImmutableArray<DeviceFacts> kept = StoredDevices.Within(slots, slots[0], 4 * each);
        Assert.That(kept.Where(one => one.Statement is not null).Select(one => one.Device), Is.EqualTo(new[] { "plc-0", "plc-1", "plc-2", "plc-3" }), "this device, and who was asked about last");
        Assert.That(kept.Select(one => (one.Device, one.LatestSeen)), Is.EqualTo(slots.Select(slot => (slot.Facts.Device, facts.LatestSeen))), "which policies were seen is kept of all");
        Assert.That(kept.Where(one => one.Statement is null).Select(one => one.Unchanged.Count), Is.All.Zero);
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void A_key_that_a_full_disk_does_not_take_leaves_nothing_behind()
    {
        using var disk = SmallDisk.Mount();
        disk.Fill(left: 0);
        string[] before = Directory.GetFiles(disk.Path);
        Assert.That(() => new StoreKeyFile(Path.Combine(disk.Path, "cache-key")).Read(), Throws.InstanceOf<IOException>());
        Assert.That(Directory.GetFiles(disk.Path), Is.EquivalentTo(before));
    }

    [Test]
    public void A_power_cut_while_it_is_written_leaves_the_old_one_whole()
    {
        using var folder = new TemporaryFolder();
        var file = new StoreFile(folder["store"], "decisions", Device, Key, 1 << 20);
        file.Save(StoreFormat.Write(Content(new ManualTime())).Span);
        byte[] next = SealedBytes.Seal(new byte[300], "decisions", Device, Key);
        for (int length = 0; length <= next.Length; length++)
        {
            File.WriteAllBytes(folder["store.next"], next[..length]);
            Assert.That(file.Load(StoreFormat.Read, out _)?.LatestSeen, Is.EqualTo(Now));
        }
        file.Save(StoreFormat.Write(Content(new ManualTime())).Span);
        Assert.That(File.Exists(folder["store.next"]), Is.False);
    }

    [Test]
    public void A_file_of_another_device_of_another_key_or_of_another_kind_is_not_opened_and_says_nothing()
    {
        byte[] content = StoreFormat.Write(Content(new ManualTime())).ToArray(), whole = SealedBytes.Seal(content, "decisions", Device, Key);
        Assert.That(() => SealedBytes.Open(whole, "decisions", "spiffe://test.example/device/plc-2", Key), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => SealedBytes.Open(whole, "decisions", Device, [.. Key.Reverse()]), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => SealedBytes.Open(whole, "bundle", Device, Key), Throws.TypeOf<InvalidDataException>());
        Assert.That(SealedBytes.Open(whole, "decisions", Device, Key), Is.EqualTo(content));
        Assert.That(System.Text.Encoding.Latin1.GetString(whole), Does.Not.Contain("lifecycle").And.Not.Contain("device.type"));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void A_key_that_others_may_read_is_none_and_the_remedy_is_said()
    {
        using var folder = new TemporaryFolder();
        var key = new StoreKeyFile(folder["key"]);
        byte[] made = key.Read();
        Assert.That(new StoreKeyFile(folder["key"]).Read(), Is.EqualTo(made).And.Length.EqualTo(32));
        Assert.That(File.GetUnixFileMode(folder["key"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        File.SetUnixFileMode(folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.That(key.Read, Throws.TypeOf<IOException>().With.Message.Contains("chmod 600"));
        File.SetUnixFileMode(folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(folder["key"], new byte[31]);
        Assert.That(key.Read, Throws.TypeOf<IOException>().With.Message.Contains("31 bytes"));
    }

    [Test]
    public void What_a_process_that_was_killed_left_of_a_key_is_taken_away_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        folder.Write($"key.{Guid.NewGuid():N}", "half");
        folder.Write("key.of-somebody", "");
        folder.Write($"other.{Guid.NewGuid():N}", "");
        new StoreKeyFile(folder["key"]).Read();
        Assert.That(Directory.GetFiles(folder.Path).Select(Path.GetFileName).Where(name => name!.StartsWith("key", StringComparison.Ordinal)), Is.EquivalentTo(new[] { "key", "key.of-somebody" }));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(3));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void What_lies_where_the_next_file_is_written_gives_it_neither_bytes_nor_permissions()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["store.next"], new byte[100_000]);
        File.SetUnixFileMode(folder["store.next"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        WholeFile.Replace(folder["store"], [1, 2, 3]);
        Assert.That(File.GetUnixFileMode(folder["store"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(File.ReadAllBytes(folder["store"]), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void A_folder_that_is_gone_is_an_IO_failure_and_no_other()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => FolderSync.Flush(folder.Path), Throws.Nothing);
        Assert.That(() => FolderSync.Flush(folder["gone"]), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void Flash_is_written_once_a_minute_at_most_and_at_once_only_for_what_must_not_come_back()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var writer = new StoreWriter(new StoreFile(folder["store"], "decisions", Device, Key, 1 << 20), () => new byte[] { 1 }, time.GetUtcNow, _ => { });
        writer.Changed(MemoryChange.Ordinary);
        Assert.That(writer.Writes, Is.EqualTo(1), "the first is not put off");
        for (int second = 0; second < 3_600; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            writer.Changed(MemoryChange.Ordinary);
        }
        Assert.That(writer.Writes, Is.EqualTo(61));
        for (int second = 0; second < 3_600; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            writer.WriteIfDue();
        }
        Assert.That(writer.Writes, Is.EqualTo(67), "time alone is written every ten minutes");
        writer.Changed(MemoryChange.TakenBack);
        Assert.That(writer.Writes, Is.EqualTo(68));
    }

    [Test]
    public void What_comes_first_is_written_within_a_second_and_ever_more_of_it_ever_more_slowly()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var writer = new StoreWriter(new StoreFile(folder["store"], "decisions", Device, Key, 1 << 20), () => new byte[] { 1 }, time.GetUtcNow, _ => { });
        writer.Changed(MemoryChange.TakenBack);
        Assert.That(string.Join(" ", Seconds(3_600)), Does.StartWith("1 3 7 15 31 63 123 183 243"), "a gateway that is asked about a new device each second");
        Assert.That(writer.Writes, Is.EqualTo(1 + 6 + 58));
        for (int minute = 0; minute < 2; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            writer.Changed(MemoryChange.Ordinary);
        }
        Assert.That(Seconds(1), Is.EqualTo(new[] { 1 }), "once there is nothing new for a while it is a second again");

        int[] Seconds(int count)
        {
            List<int> written = [];
            for (int second = 1; second <= count; second++)
            {
                long before = writer.Writes;
                time.Advance(TimeSpan.FromSeconds(1));
                writer.Changed(MemoryChange.First);
                if (writer.Writes > before)
                    written.Add(second);
            }
            return [.. written];
        }
    }

    [Test]
    public void The_kept_decisions_are_bounded_in_number_and_the_oldest_goes()
    {
        var time = new ManualTime();
        var script = new PdpScript(time);
        DecisionIndex index = DecisionIndex.Empty;
        for (int i = 0; i < DecisionIndex.MaximumDecisions + 10; i++)
            index = index.With(Kept(script, $"type-{i}"));
        Assert.That(index.Count, Is.EqualTo(DecisionIndex.MaximumDecisions));
        Assert.That((index.All.First().RegionText, index.All.Last().RegionText), Is.EqualTo(("device.type == \"type-10\"", $"device.type == \"type-{DecisionIndex.MaximumDecisions + 9}\"")));
        Assert.That(index.With(Kept(script, "type-20")).Count, Is.EqualTo(index.Count), "a newer decision for one region takes the place of the older");
    }

    private static KeptDecision Kept(PdpScript script, string type)
    {
        Wire.V1.SignedPayload signed = script.Answer(new Wire.V1.DecideRequest
        {
            Form = Wire.V1.DecisionForm.Signed,
            Kinds = { Wire.V1.DecisionKind.Auth },
            Attributes = { ["device.type"] = new Wire.V1.AttributeValue { Text = type } },
        }, "plc-1").SignedDecisions[0];
        return new KeptDecision(signed, WireMapping.FromWire(Wire.V1.Decision.Parser.ParseFrom(signed.Payload)), isVerified: true) { FreshUntil = Now, UsableUntil = Now };
    }
}
