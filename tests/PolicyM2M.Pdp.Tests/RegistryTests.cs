using System.Data.Common;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry.Databases;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>How a registry begins, and where it is kept.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RegistryTests
{
    [Test]
    public async Task An_empty_registry_begins_with_the_file_of_devices_and_never_reads_it_again()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        Assert.That((await Rotation(pdp)).RotateNow, Is.False);
        Assert.That(pdp.Log.Lines, Has.Exactly(1).Contains("the first devices are those of").And.Exactly(1).Contains("4 of them are now in sqlite:"));

        await pdp.StopServerAsync();
        pdp.WriteRegistry("""{ "devices": { "plc-0042": { "posture.risk": 90 } } }""");
        await pdp.StartServerAsync();

        Assert.That((await Rotation(pdp)).RotateNow, Is.False);
        Assert.That(pdp.Log.Lines, Has.Exactly(1).Contains("the first devices are those of"));
    }

    [TestCase("{", "1:2: not JSON")]
    [TestCase("""{ "devices": { "plc-0042": { "posture.risk": 101 } } }""", "1:30: 101 is no risk")]
    public async Task A_first_file_with_a_fault_is_not_taken_and_the_strictest_applies(string registry, string fault)
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(registry);

        Assert.That((await Rotation(pdp)).RotateNow, Is.True);
        Assert.That(pdp.Log.Lines, Has.Some.Contains($"devices.json:{fault}").And.Some.StartsWith("Error: the registry stays empty"));
    }

    [Test]
    public async Task What_the_schema_does_not_know_is_said_in_the_log()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync("""{ "devices": { "plc-0042": { "posture.riks": 3 } } }""");

        Assert.That(pdp.Log.Lines, Has.Exactly(1).Contains("the registry says of plc-0042 what the attribute schema cannot use, so it counts as missing: posture.riks (no such attribute)"));
    }

    [Test]
    public async Task A_database_that_is_no_registry_leaves_the_strictest_and_the_server_serves()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        File.WriteAllText(pdp.Data.RegistryDatabase, "this is no database, and somebody wants to know what was in it");
        await pdp.StartServerAsync();

        Assert.That((await Rotation(pdp)).RotateNow, Is.True);
        Assert.That(pdp.Log.Lines, Has.Some.Match("^Error: the registry cannot be reached: sqlite:.*; it was not read since this start$").And.Some.StartsWith("Error: there is no registry now"));
        Assert.That(File.ReadAllText(pdp.Data.RegistryDatabase), Does.StartWith("this is no database"));
        PolicyM2M.Testing.FinishedProcess asked = M2MProcess.Run(
            "pdp", "status", "--pdp", pdp.Address, "--cert", pdp.Data.Certificate("operator"), "--key", pdp.Data.Key("operator"), "--ca", pdp.Data.Certificate("ca"));
        Assert.That((asked.ExitCode, asked.Output), Is.EqualTo((4, asked.Output)), asked.Error);
        Assert.That(asked.Output, Does.Contain("\nNOT READY     the device registry cannot be reached\n"));

        File.Delete(pdp.Data.RegistryDatabase);
        await RunningPdp.Eventually(() => Rotation(pdp), rotation => !rotation.RotateNow);
    }

    [Test]
    public async Task Whom_a_registry_revoked_that_was_lost_stays_revoked_until_the_next_one_reinstates_them()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.DevicesAs("operator").RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" });
        await pdp.StopServerAsync();
        string backup = pdp.Data.RegistryDatabase + ".backup";
        File.Copy(pdp.Data.RegistryDatabase, backup);

        foreach (string file in Directory.EnumerateFiles(pdp.Data.Path, "registry.db*").Where(file => file != backup))
            File.Delete(file);
        for (int start = 0; start < 2; start++)
        {
            await pdp.StartServerAsync();
            Assert.That(await StatusOf(pdp, "device"), Is.EqualTo(StatusCode.PermissionDenied), $"start {start}");
            Assert.That(pdp.Log.Lines, Has.Exactly(start + 1).StartsWith("Warning: 1 of those whom an earlier registry revoked are not revoked in sqlite:"));
            await pdp.StopServerAsync();
        }

        await pdp.StartServerAsync();
        DeviceService.DeviceServiceClient devices = pdp.DevicesAs("operator");
        await devices.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "plc-0042", Risk = 1 });
        Assert.That(await StatusOf(pdp, "device"), Is.EqualTo(StatusCode.PermissionDenied), "a change is no pardon");
        await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" });
        await devices.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "plc-0042", Reason = "found" });
        Assert.That(await StatusOf(pdp, "device"), Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task A_registry_that_was_lost_is_not_filled_from_the_first_file_again_and_it_is_said([Values] bool isEmptied)
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: MonitorTests.WithMonitor);
        await pdp.DevicesAs("operator").SetDeviceStateAsync(new SetDeviceStateRequest { Id = "plc-0042", State = DeviceState.Quarantined, Reason = "port scan" });
        await pdp.StopServerAsync();
        foreach (string file in Directory.EnumerateFiles(pdp.Data.Path, "registry.db*"))
            File.Delete(file);
        if (isEmptied)
            await File.WriteAllBytesAsync(pdp.Data.RegistryDatabase, []);

        const string warning = "warning: the device registry is not the one of before, and nobody has changed a device in it since\n";
        for (int start = 1; start < 3; start++)
        {
            await pdp.StartServerAsync(MonitorTests.WithMonitor(pdp.Options()));
            Assert.That((await pdp.DevicesAs("operator").ListDevicesAsync(new ListDevicesRequest())).Devices, Is.Empty, $"start {start}");
            Assert.That(pdp.Log.Lines, Has.Exactly(start).Match("^Warning: sqlite:.* is not the registry of before, and holds 0 devices: "));
            Assert.That(await Ready(pdp), Is.EqualTo("ready\n" + warning));
            await pdp.StopServerAsync();
        }

        await pdp.StartServerAsync(MonitorTests.WithMonitor(pdp.Options()));
        await pdp.DevicesAs("operator").UpsertDeviceAsync(new UpsertDeviceRequest { Id = "plc-0042" });
        await RunningPdp.Eventually(() => Ready(pdp), ready => ready == "ready\n");
        Assert.That(pdp.Log.Lines, Has.Exactly(1).Contains("the first devices are those of"));
    }

    [Test]
    public async Task A_history_that_cannot_be_forgotten_keeps_nobody_from_following_the_registry()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        await using (var database = new SqliteDatabase(pdp.Data.RegistryDatabase, TimeProvider.System))
        await using (DbConnection connection = await database.OpenAsync(create: false, CancellationToken.None))
        await using (DbCommand command = connection.CreateCommand())
        {
            command.CommandText = """
                UPDATE changes SET at = 0;
                UPDATE registry SET sequence = 1000000;
                CREATE TRIGGER keep BEFORE DELETE ON changes BEGIN SELECT RAISE(ABORT, 'it is evidence'); END;
                """;
            await command.ExecuteNonQueryAsync();
        }

        await pdp.StartServerAsync();

        await RunningPdp.Eventually(() => Task.FromResult(pdp.Log.Lines),
            lines => lines.Any(line => line.StartsWith("Error: old changes of the registry could not be forgotten, which is tried again: ", StringComparison.Ordinal) && line.Contains("it is evidence", StringComparison.Ordinal)));
        await pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 80 });
        await RunningPdp.Eventually(() => Rotation(pdp), rotation => rotation.RotateNow);
        Assert.That(pdp.Log.Lines, Has.None.StartsWith("Error: the registry cannot be reached"));
    }

    [Test]
    public async Task Whom_a_server_holds_for_revoked_is_shown_with_how_to_end_it()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: MonitorTests.WithMonitor);
        DeviceService.DeviceServiceClient devices = pdp.DevicesAs("operator");
        await devices.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "pump-1" });
        foreach (string id in new[] { "plc-0042", "pump-1" })
            await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = id, Reason = "stolen" });
        await pdp.StopServerAsync();
        foreach (string file in Directory.EnumerateFiles(pdp.Data.Path, "registry.db*"))
            File.Delete(file);
        await pdp.StartServerAsync(MonitorTests.WithMonitor(pdp.Options()));
        devices = pdp.DevicesAs("operator");
        await devices.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "plc-0042" });

        Assert.That((await devices.GetDeviceAsync(new GetDeviceRequest { Id = "plc-0042" })).Device, Has.Property("HeldRevoked").True.And.Property("Revocation").Null);
        Assert.That((await devices.ListDevicesAsync(new ListDevicesRequest())).Devices.Where(device => device.HeldRevoked).Select(device => device.Id), Is.EqualTo(new[] { "plc-0042" }));
        GetRegistryStatusResponse registry = await devices.GetRegistryStatusAsync(new GetRegistryStatusRequest());
        Assert.That((registry.HeldDevices, string.Join(',', registry.HeldDeviceIds)), Is.EqualTo((2, "plc-0042,pump-1")));
        Assert.That((await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).HeldDevices, Is.EqualTo(2));
        using (var http = new HttpClient())
            Assert.That(await http.GetStringAsync($"{pdp.Server.Services.GetRequiredService<MonitorListener>().Address}/metrics"), Does.Contain("\npolicym2m_pdp_registry_held 2\n"));
        Assert.That(await Refusal(() => devices.GetDeviceAsync(new GetDeviceRequest { Id = "pump-1" })), Does.StartWith("there is no device `pump-1`; this decision point holds it for revoked").And.EndWith(": register it, revoke it and reinstate it to end that"));
        Assert.That(await Refusal(() => devices.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "plc-0042", Reason = "found" })), Does.Contain("not revoked: only").And.EndWith(": revoke it and reinstate it to end that"));
        Assert.That(M2M(pdp, "devices", "list"), Does.Match("plc-0042 .* held for revoked\n").And.Contain("\npump-1  not registered, and held for revoked\n2 devices held for revoked here although the registry does not say so; "));
        Assert.That(M2M(pdp, "devices", "get", "plc-0042"), Does.Match("\nrevoked +held here, although the registry does not say so: "));
        Assert.That(M2M(pdp, "status"), Does.Match("\nheld +2 devices revoked here although the registry does not say so; `m2m pdp devices list` names them\n"));

        await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" });
        Assert.That((await devices.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "plc-0042", Reason = "found" })).Device.HeldRevoked, Is.False);
        Assert.That((await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).HeldDevices, Is.EqualTo(1));
    }

    [Test]
    public async Task A_backup_from_before_a_revocation_does_not_undo_it()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        string backup = pdp.Data.RegistryDatabase + ".backup";
        File.Copy(pdp.Data.RegistryDatabase, backup);
        await pdp.StartServerAsync();
        await pdp.DevicesAs("operator").RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" });
        await pdp.StopServerAsync();
        File.Copy(backup, pdp.Data.RegistryDatabase, overwrite: true);

        await pdp.StartServerAsync();
        Assert.That(await StatusOf(pdp, "device"), Is.EqualTo(StatusCode.PermissionDenied));
    }

    [TestCase("[1]")]
    [TestCase("[null]")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("{ \"registry\": \"a\", \"sequence\": 1, \"revoked\": null, \"held\": [] }")]
    public async Task A_list_of_the_revoked_that_cannot_be_understood_keeps_the_server_from_starting(string text)
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        await pdp.StopServerAsync();
        File.WriteAllText(pdp.Data.Revoked, text);
        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync());
        Assert.That(fault!.Message, Does.StartWith($"{pdp.Data.Revoked} cannot be used").And.Not.Contain("RevokedDevices"));
    }

    [TestCase("postgres-env:POLICYM2M_NO_SUCH_VARIABLE", "there is no environment variable `POLICYM2M_NO_SUCH_VARIABLE`")]
    [TestCase("postgres-file:/nowhere/connection", "`/nowhere/connection` cannot be read")]
    public void A_start_without_a_connection_string_says_so(string option, string message)
    {
        StartupException? fault = Assert.Throws<StartupException>(() => RegistryOption.Open(option, new DataFolder("/nowhere"), TimeProvider.System));

        Assert.That(fault!.Message, Does.Contain(message));
    }

    [TestCase("postgres://pdp:hunter2@db/policym2m")]
    [TestCase("Password=hunter2;Hots=db")]
    [TestCase("Password=hunter2")]
    [TestCase("")]
    public void What_is_no_connection_string_is_refused_and_not_repeated(string connection)
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, connection);

        StartupException? fault = Assert.Throws<StartupException>(() => RegistryOption.Open($"postgres-file:{file}", new DataFolder("/nowhere"), TimeProvider.System));
        File.Delete(file);

        Assert.That(fault!.Message, Does.Contain("is no connection string").And.Not.Contain("hunter2"));
    }

    private static async Task<StatusCode> StatusOf(RunningPdp pdp, string caller)
    {
        try
        {
            await pdp.DecisionsAs(caller).DecideAsync(new DecideRequest());
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }

    private static async Task<string> Ready(RunningPdp pdp)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync($"{pdp.Server.Services.GetRequiredService<MonitorListener>().Address}/readyz");
    }

    private static async Task<string> Refusal<T>(Func<AsyncUnaryCall<T>> call) => (await Assert.ThrowsAsync<RpcException>(async () => await call()))!.Status.Detail;

    private static string M2M(RunningPdp pdp, params string[] verb) => M2MProcess.Run(
        ["pdp", .. verb, "--pdp", pdp.Address, "--cert", pdp.Data.Certificate("operator"), "--key", pdp.Data.Key("operator"), "--ca", pdp.Data.Certificate("ca")]).Succeeded().Output;

    private static async Task<RotationOutcome> Rotation(RunningPdp pdp) =>
        (await pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } })).Decisions.Single().Rotation;
}
