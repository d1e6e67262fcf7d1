using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Auditing.Export;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The audit log on its way to a collector.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class AuditExportTests
{
    [Test]
    public async Task Each_record_reaches_the_collector_once_and_in_order_also_over_a_restart()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using var secret = new TemporaryFolder();
        secret.Write("secret", "a secret of the auditors");
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Export = collector.Address, Pseudonyms = secret["secret"] } });
        for (int round = 0; round < 2; round++)
        {
            await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
            await Assert.ThrowsAsync<RpcException>(async () => await pdp.DecisionsAs("device").DecideAsync(new DecideRequest { DeviceId = "plc-0099" }));
            await SentAsync(pdp);
            await pdp.StopServerAsync();
            await pdp.StartServerAsync(pdp.Options() with { Audit = new AuditOptions { Export = collector.Address, Pseudonyms = secret["secret"] } });
        }
        await SentAsync(pdp);

        AuditRecord[] sent = Records(collector), kept = Records(pdp);
        Assert.Multiple(() =>
        {
            Assert.That(sent, Is.EqualTo(kept));
            Assert.That(collector.Texts("logs"), Does.Contain("policym2m.audit.decisions").And.Contain("policym2m.audit.denial").And.Contain("policym2m.audit.start").And.Contain(pdp.Git.Head).And.Contain("policym2m-pdp"));
            Assert.That(string.Concat(collector.Texts("logs")), Does.Contain("hmac-sha256:").And.Not.Contain("plc-00"));
        });
    }

    [Test]
    public async Task While_the_collector_takes_nothing_answers_go_on_and_everything_is_sent_later()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        collector.Answers = StatusCode.Unavailable;
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Export = collector.Address } });
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Log.Lines.ToArray()), lines => lines.Any(line => line.Contains("the audit log cannot be sent to its collector", StringComparison.Ordinal)));
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        for (int i = 0; i < 600; i++)
            await device.DecideAsync(new DecideRequest());
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Export.Lag), lag => lag > 600);

        collector.Forget();
        collector.Answers = StatusCode.OK;
        await SentAsync(pdp);
        Assert.That(Records(collector), Is.EqualTo(Records(pdp)));
        Assert.That(pdp.Log.Lines, Has.Some.Contains("the audit log is sent to its collector again"));
    }

    [Test]
    public async Task What_is_too_large_for_the_collector_is_sent_in_smaller_requests_and_what_it_never_takes_is_told_once()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        (collector.LargestMessage, collector.Refuses) = (AuditExport.Small + (4 << 10), "policym2m.audit.denial");
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        // What an earlier server left: one record that is larger by itself than what the collector takes.
        using (ECDsa key = AuditKey.Open(pdp.Data.AuditKey))
        await using (AuditLog before = AuditLog.Open(new AuditLogOptions(pdp.Data.Audit, "dev.policym2m.example/policym2m/audit/test", key, _ => throw new InvalidOperationException())))
            before.Note(new WireEntry(Large(60_000)));
        await pdp.StartServerAsync(pdp.Options() with { Audit = new AuditOptions { Export = collector.Address } });
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        for (int i = 0; i < 100; i++)
            await device.DecideAsync(new DecideRequest());
        await Assert.ThrowsAsync<RpcException>(async () => await device.DecideAsync(new DecideRequest { DeviceId = "plc-0099" }));
        for (int i = 0; i < 100; i++)
            await device.DecideAsync(new DecideRequest());
        await SentAsync(pdp);

        AuditRecord[] taken = [.. Records(pdp).Where(record => record.Denial is null)];
        Assert.Multiple(() =>
        {
            Assert.That(Records(collector), Is.EqualTo(taken));
            Assert.That((pdp.Export.Sent, pdp.Export.Rejected, pdp.Export.Missed), Is.EqualTo((taken.Length, 2L, 0L)));
            Assert.That(pdp.Log.Lines, Has.Exactly(2).Contains("refused 1 record, not to be sent again").And.One.Contains("not to be sent again: ResourceExhausted").And.One.Contains("not to be sent again: InvalidArgument"));
        });
    }

    [Test]
    public void A_request_is_bounded_by_bytes_as_by_records()
    {
        byte[] record = Large(60_000).ToByteArray();
        (long, ReadOnlyMemory<byte>)[] large = [.. Enumerable.Range(7, 100).Select(i => ((long)i, (ReadOnlyMemory<byte>)record))];
        ExportBatch batch = ExportBatch.Of("log", large, ExportBatch.MostRecords)!;
        Assert.That((batch.Count, batch.Last), Is.EqualTo((17, 23L)));
        Assert.That(batch.Request, Has.Length.InRange(ExportBatch.MostBytes - 60_000, ExportBatch.MostBytes + 1_000));
        Assert.That(ExportBatch.Of("log", large, 3)!.Last, Is.EqualTo(9));
        Assert.That(ExportBatch.Of("log", [], 3), Is.Null);
    }

    [Test]
    public async Task A_log_that_was_set_back_is_sent_from_where_it_was_set_back_to()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Export = collector.Address } });
        string checkpoint = Path.Combine(pdp.Data.Audit, "checkpoint");
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        await device.DecideAsync(new DecideRequest());
        await SentAsync(pdp);
        (string earlier, int sent) = (await File.ReadAllTextAsync(checkpoint), Records(pdp).Length);
        for (int i = 0; i < 20; i++)
            await device.DecideAsync(new DecideRequest());
        await SentAsync(pdp);

        string later = await File.ReadAllTextAsync(checkpoint);
        await File.WriteAllTextAsync(checkpoint, earlier);
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Export.Lag), lag => lag == 20);
        collector.Forget();
        await File.WriteAllTextAsync(checkpoint, later);
        await SentAsync(pdp);
        Assert.That(Records(collector), Is.EqualTo(Records(pdp)[sent..]));
    }

    private static AuditRecord Large(int bytes)
    {
        AuditRecord record = new AuditSubject(TimeProvider.System.GetUtcNow(), null, "", Pseudonyms.None).Record();
        record.Denial = new AuditDenial { Rpc = "/x", Reason = new string('x', bytes) };
        return record;
    }

    [Test]
    public void A_record_has_its_own_time_and_what_a_collector_refused_is_read()
    {
        var record = new AuditRecord { Number = 7, Time = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = 1_800_000_000, Nanos = 5 }, Denial = new AuditDenial { Rpc = "/x", Reason = "y" } };
        byte[] written = Field(Field(Field(OtlpLogs.Request([OtlpLogs.Written("log", record)]), 1), 2), 2);
        var input = new CodedInputStream(written);
        Assert.That(input.ReadTag(), Is.EqualTo(WireFormat.MakeTag(1, WireFormat.WireType.Fixed64)));
        Assert.That(input.ReadFixed64(), Is.EqualTo(1_800_000_000_000_000_005));

        // ExportLogsServiceResponse { partial_success { rejected_log_records: 3  error_message: "no" } }
        Assert.That(OtlpLogs.Rejected([0x0A, 0x06, 0x08, 0x03, 0x12, 0x02, (byte)'n', (byte)'o']), Is.EqualTo((3L, "no")));
        Assert.That(OtlpLogs.Rejected([]), Is.EqualTo((0L, "")));
    }

    /// <summary>Waits until a checkpoint covers all there is, and the collector has it.</summary>
    private static async Task SentAsync(RunningPdp pdp) => await
        RunningPdp.Eventually(() => Task.FromResult((pdp.Trail.Log!.State, pdp.Export.Lag)), now => now.State.Published == now.State.Size && now.State.Waiting == 0 && now.Lag == 0);

    private static AuditRecord[] Records(OtlpReceiver collector) => [.. collector.Texts("logs").Where(text => text.StartsWith("{ \"", StringComparison.Ordinal)).Select(AuditRecord.Parser.ParseJson)];

    private static AuditRecord[] Records(RunningPdp pdp)
    {
        var reader = new AuditLogReader(pdp.Data.Audit);
        return [.. reader.ReadEntries(0, reader.ReadCheckpoint().Size).Select(entry => AuditRecord.Parser.ParseFrom(entry.Record.Span))];
    }

    /// <summary>The last field of this number in a message.</summary>
    private static byte[] Field(byte[] message, int number)
    {
        byte[] found = [];
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number)
                found = input.ReadBytes().ToByteArray();
            else
                input.SkipLastField();
        }
        return found;
    }
}
