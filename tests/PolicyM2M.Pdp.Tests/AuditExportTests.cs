using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Audit.Storage;
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
    public void A_record_has_its_own_time_and_what_a_collector_refused_is_read()
    {
        var record = new AuditRecord { Number = 7, Time = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = 1_800_000_000, Nanos = 5 }, Denial = new AuditDenial { Rpc = "/x", Reason = "y" } };
        byte[] written = Field(Field(Field(OtlpLogs.Request("log", [record]), 1), 2), 2);
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
