using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What comes so often that it is counted: in the audit log, and by who looks it through.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AuditCountTests
{
    [Test]
    public async Task Who_is_turned_away_leaves_one_record_a_minute_and_who_looks_two()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Durability = AuditDurability.Durable }, Callers = new CallerOptions { Limits = new CallLimits { Rate = 5 } } });
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        int turned = 0;
        for (int i = 0; i < 40; i++)
            turned += await AuditTests.CodeOf(device) == StatusCode.ResourceExhausted ? 1 : 0;
        for (int i = 0; i < 3; i++)
            await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest());
        await AuditTests.AuditorOf(pdp).GetCheckpointAsync(new GetCheckpointRequest());
        await pdp.DevicesAs("operator").GetDeviceAsync(new GetDeviceRequest { Id = "plc-0042" });
        await pdp.DecisionsAs("operator").GetSigningKeysAsync(new GetSigningKeysRequest());
        pdp.Server.Services.GetRequiredService<Overloads>().EndWindow();
        pdp.Server.Services.GetRequiredService<Reads>().EndWindow();

        AuditRecord[] records = await AuditTests.Records(pdp);
        Assert.That(turned, Is.Positive);
        Assert.That(records.Where(record => record.Overload is not null).Select(record => (record.Caller, record.Overload.Reason, record.Overload.Times)),
            Is.EqualTo(new[] { ("spiffe://dev.policym2m.example/device/plc-0042", "5 calls a second are exceeded", (ulong)turned) }));
        Assert.That(records.Where(record => record.Read is not null).Select(record => $"{record.Caller.Split('/')[^2]} {record.Read.Rpc.Split('/')[^1]} {record.Read.Again}"),
            Is.EqualTo(new[] { "operator GetStatus 0", "auditor GetCheckpoint 0", "operator GetDevice 0", "operator GetStatus 2" }));
        Assert.That(M2MProcess.Run("audit", "show", pdp.Data.Audit).Output, Does.Contain($"turned {turned} away within a minute: 5 calls a second are exceeded").And.Contain("read /policym2m.v1.PolicyService/GetStatus (2 times more within a minute)"));
    }

    [Test]
    public async Task One_cause_in_many_records_is_shown_five_times_and_counted()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        for (int i = 0; i < 10; i++)
            await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        await pdp.StopServerAsync();
        // One that is not whole is called after how many records it has; that of the checkpoint before may still be there.
        string bundle = Directory.EnumerateFiles(Path.Combine(pdp.Data.Audit, "tile/entries/000.p")).MaxBy(file => int.Parse(Path.GetFileName(file), System.Globalization.CultureInfo.InvariantCulture))!;
        byte[] bytes = File.ReadAllBytes(bundle);
        int records = 0;
        // Each record stands behind its length in two bytes.
        for (int at = 0; at < bytes.Length; records++)
        {
            at += 2 + System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
            bytes[at - 1] ^= 1;
        }
        File.WriteAllBytes(bundle, bytes);

        string[] lines = M2MProcess.Run("audit", "verify", pdp.Data.Audit).Output.Split('\n');
        Assert.That(records, Is.GreaterThan(10));
        Assert.That(lines.Count(line => line.Contains("the record was changed", StringComparison.Ordinal)), Is.EqualTo(5));
        Assert.That(lines, Has.One.EqualTo($"wrong: {records - 5} more of this kind; --json has all of them"));
        Assert.That(M2MProcess.Run("audit", "verify", pdp.Data.Audit, "--json").Output.Split("the record was changed"), Has.Length.EqualTo(records + 1));
    }
}
