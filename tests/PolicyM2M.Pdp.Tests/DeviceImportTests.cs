using System.Data.Common;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Services;
using PolicyM2M.Registry;
using PolicyM2M.Registry.Databases;
using PolicyM2M.Wire.V1;
using Device = PolicyM2M.Wire.V1.Device;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Files of devices through the RPC; what files may hold is tested with the registry.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class DeviceImportTests
{
    private const string Good = "device.id,lifecycle.state,location.site,posture.risk,device.type\nnew-1,active,plant-7,5,plc\nnew-2,,,,\n";

    private const string Bad = "device.id,posture.risk,device.type,note\nnew-1,5,plc,x\nnew-2,high,robot,x\nplc-0099,1,,\n";

    private RunningPdp _pdp = null!;
    private DeviceService.DeviceServiceClient _operator = null!;

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync();
        _operator = _pdp.DevicesAs("operator");
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task A_good_file_is_written_whole_and_a_second_time_changes_nothing()
    {
        ImportSummary first = (await Import(Good)).Summary, second = (await Import(Good)).Summary;

        Assert.That((first.Written, first.Good, first.Changed, first.Faults), Is.EqualTo((true, 2, 2, 0)));
        Assert.That((second.Written, second.Changed), Is.EqualTo((true, 0)));
        Device device = (await _operator.GetDeviceAsync(new GetDeviceRequest { Id = "new-1" })).Device;
        Assert.That((device.State, device.Site, device.Risk, device.Attributes["device.type"].Text), Is.EqualTo((DeviceState.Active, "plant-7", 5, "plc")));
    }

    [Test]
    public async Task One_fault_keeps_everything_from_being_written_and_every_fault_is_reported()
    {
        await _operator.SetDeviceStateAsync(new SetDeviceStateRequest { Id = "plc-0099", State = DeviceState.Retired });

        (ImportSummary summary, ImportFault[] faults, ImportFault[] warnings) = await Import(Bad.Replace("plc-0099,1,,", "plc-0099,101,,", StringComparison.Ordinal));

        Assert.That((summary.Written, summary.Good, summary.Faults), Is.EqualTo((false, 1, 3)));
        Assert.That(faults.Select(fault => (fault.Line, fault.Column)), Is.EqualTo(new[] { (3, 7), (3, 12), (4, 10) }));
        Assert.That(faults[0].Message, Is.EqualTo("`posture.risk` is `high`; expected a whole number"));
        Assert.That(faults[2].Message, Is.EqualTo("101 is no risk; expected a whole number from 0 to 100"));
        Assert.That(warnings.Select(warning => (warning.Line, warning.Message)), Is.EqualTo(new[] { (2, "the policies know no attribute `note`, so it does nothing; the first of its uses is here") }));
        Assert.That(await IsThere("new-1"), Is.False);
        Assert.That(_pdp.Log.Lines, Has.Some.EndsWith(": import of devices, 1 good, 1 would change, 3 faults; nothing was written: one fault keeps everything from being written"));
    }

    [Test]
    public async Task What_the_lifecycle_does_not_allow_is_a_fault_of_its_line()
    {
        await _operator.SetDeviceStateAsync(new SetDeviceStateRequest { Id = "plc-0099", State = DeviceState.Retired });
        const string file = "device.id,lifecycle.state\nnew-1,active\nplc-0099,active\n";

        (ImportSummary summary, ImportFault[] faults, _) = await Import(file);
        Assert.That((summary.Written, faults.Single().Line), Is.EqualTo((false, 3)));
        Assert.That(faults.Single().Message, Does.StartWith("`plc-0099` is retired, and active cannot follow"));
        Assert.That(await IsThere("new-1"), Is.False);

        (summary, faults, _) = await Import(file, keepGood: true);
        Assert.That((summary.Written, summary.Good, summary.Changed, faults.Length), Is.EqualTo((true, 1, 1, 1)));
        Assert.That(await IsThere("new-1"), Is.True);
    }

    [Test]
    public async Task To_keep_the_good_ones_writes_them_and_reports_the_others()
    {
        (ImportSummary summary, ImportFault[] faults, _) = await Import(Bad, keepGood: true);

        Assert.That((summary.Written, summary.Good, summary.Changed, faults.Length), Is.EqualTo((true, 2, 2, 2)));
        Assert.That((await IsThere("new-1"), await IsThere("new-2")), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task A_dry_run_says_what_would_come_of_it_and_writes_nothing()
    {
        ImportSummary summary = (await Import(Good, dryRun: true)).Summary;

        Assert.That((summary.Written, summary.Good, summary.Changed), Is.EqualTo((false, 2, 2)));
        Assert.That(await IsThere("new-1"), Is.False);
        Assert.That(_pdp.Log.Lines, Has.Some.EndsWith(": import of devices, 2 good, 2 would change, 0 faults; nothing was written: it was only tried"));
        await Import(Good);
        Assert.That(_pdp.Log.Lines, Has.Some.EndsWith(": import of devices, 2 good, 2 changed, 0 faults"));
    }

    [Test]
    public async Task Every_bad_line_is_reported_however_many_there_are()
    {
        const int Lines = 1_234;
        string file = "device.id,posture.risk\n" + string.Concat(Enumerable.Range(0, Lines).Select(i => $"d-{i},x\n"));

        (ImportSummary summary, ImportFault[] faults, _) = await Import(file);

        Assert.That(summary.Faults, Is.EqualTo(Lines));
        Assert.That(faults.Select(fault => fault.Line), Is.EqualTo(Enumerable.Range(2, Lines)));
    }

    [Test]
    public async Task Imported_devices_count_in_the_next_decision()
    {
        await Import("""[{ "device.id": "plc-0042", "posture.risk": 95 }]""", ImportFormat.Json);

        DecideResponse response = await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } });
        Assert.That(response.Decisions.Single().Rotation.RotateNow, Is.True);
    }

    [Test]
    public async Task A_device_is_revoked_while_a_long_file_is_being_written()
    {
        Task<(ImportSummary, ImportFault[], ImportFault[])> import = Import(LongFile(20 * DeviceStore.PartSize));
        await RunningPdp.Eventually(async () => await _operator.GetRegistryStatusAsync(new GetRegistryStatusRequest()), status => status.Devices > 4);

        ulong revoked = (await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" })).Device.Version;

        ImportSummary summary = (await import).Item1;
        Assert.That((summary.Written, summary.Changed), Is.EqualTo((true, 20 * DeviceStore.PartSize)));
        Assert.That(revoked, Is.LessThan((await _operator.GetRegistryStatusAsync(new GetRegistryStatusRequest())).Sequence), "it did not wait for the whole file");
    }

    [Test]
    public async Task A_file_that_breaks_off_says_how_much_of_it_is_written_and_can_be_sent_again()
    {
        await TamperAsync("CREATE TRIGGER broken BEFORE INSERT ON devices WHEN NEW.id = 'd-2500' BEGIN SELECT RAISE(ABORT, 'the disk is worn'); END");

        RpcException? fault = await Assert.ThrowsAsync<RpcException>(() => Import(LongFile(3_000)));
        Assert.That(fault!.StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(fault.Status.Detail, Does.StartWith("the import broke off: 2000 of 3000 devices are written, from the first line on; import the file again").And.Contains("the disk is worn"));
        AuditDeviceChange broken = (await AuditTests.Records(_pdp)).Last(record => record.DeviceChange is not null).DeviceChange;
        Assert.That((broken.Verb, broken.Version, broken.NotDone), Is.EqualTo(("import", 2004UL, "")));
        Assert.That(broken.Detail, Is.EqualTo("2000 of 3000 written, 2000 changed; then it broke off: the registry could not be reached, and whether it was done is not known"));

        await TamperAsync("DROP TRIGGER broken");
        ImportSummary again = (await Import(LongFile(3_000))).Summary;
        Assert.That((again.Written, again.Good, again.Changed), Is.EqualTo((true, 3_000, 1_000)));
    }

    [Test]
    public async Task A_change_that_another_process_holds_up_is_said_and_recorded_as_not_made()
    {
        await using var database = new SqliteDatabase(_pdp.Data.RegistryDatabase, TimeProvider.System);
        await using DbConnection connection = await database.OpenAsync(create: false, CancellationToken.None);
        await using (DbTransaction holding = await connection.BeginTransactionAsync())
        {
            RpcException? fault = await Assert.ThrowsAsync<RpcException>(async () => await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" }));
            Assert.That(fault!.StatusCode, Is.EqualTo(StatusCode.Unavailable));
            Assert.That(fault.Status.Detail, Does.StartWith("the registry is busy with another change, and this one was not made: ask again"));
        }
        AuditDeviceChange revoke = (await AuditTests.Records(_pdp)).Last(record => record.DeviceChange is not null).DeviceChange;
        Assert.That((revoke.Verb, revoke.NotDone), Is.EqualTo(("revoke", "the registry was busy with another change")));
    }

    [Test]
    public async Task Who_sends_slowly_holds_nobody_up()
    {
        using AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> one = _operator.ImportDevices(), two = _operator.ImportDevices();
        foreach (AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> slow in new[] { one, two })
            await slow.RequestStream.WriteAsync(new ImportDevicesRequest { Options = new ImportOptions { Format = ImportFormat.Csv } });

        for (int i = 0; i < 10; i++)
            Assert.That((await Import(Good)).Summary.Written, Is.True);
    }

    [Test]
    public async Task A_file_that_does_not_arrive_in_its_time_is_not_waited_for()
    {
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(_pdp.Options() with { Callers = new() { Limits = new CallLimits { UploadGrace = TimeSpan.FromSeconds(1) } } });
        using AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> late = _pdp.DevicesAs("operator").ImportDevices();
        await late.RequestStream.WriteAsync(new ImportDevicesRequest { Options = new ImportOptions { Format = ImportFormat.Csv } });

        RpcException? end = await Assert.ThrowsAsync<RpcException>(() => late.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken));
        Assert.That(end!.Status, Is.EqualTo(new Status(StatusCode.DeadlineExceeded, "the file did not arrive within 1 seconds")));
    }

    [Test]
    public async Task Files_that_are_being_sent_take_no_more_memory_than_two_of_the_largest()
    {
        const int Chunk = 512_000;
        var chunk = new ImportDevicesRequest { Chunk = ByteString.CopyFrom(new byte[Chunk]) };
        using AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> one = _operator.ImportDevices(), two = _operator.ImportDevices(), three = _operator.ImportDevices();
        foreach (AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> open in new[] { one, two, three })
            await open.RequestStream.WriteAsync(new ImportDevicesRequest { Options = new ImportOptions { Format = ImportFormat.Csv } });
        try
        {
            for (long sent = 0; sent <= ImportUploads.MostBytes; sent += 3 * Chunk)
            {
                await one.RequestStream.WriteAsync(chunk);
                await two.RequestStream.WriteAsync(chunk);
                await three.RequestStream.WriteAsync(chunk);
            }
        }
        catch (RpcException)
        {
            // One of them was told already.
        }

        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.CurrentContext.CancellationToken);
        Task<bool> told = await Task.WhenAny(one.ResponseStream.MoveNext(cancel.Token), two.ResponseStream.MoveNext(cancel.Token), three.ResponseStream.MoveNext(cancel.Token));

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(() => told);
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        foreach (AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> open in new[] { one, two, three })
            open.Dispose();
        await RunningPdp.Eventually(() => StatusOf([new ImportDevicesRequest { Options = new ImportOptions { Format = ImportFormat.Csv } }, new ImportDevicesRequest { Chunk = ByteString.CopyFromUtf8(Good) }]),
            status => status == StatusCode.OK);
    }

    [Test]
    public async Task A_call_that_is_no_import_is_an_invalid_argument()
    {
        ImportDevicesRequest options = new() { Options = new ImportOptions { Format = ImportFormat.Csv } };
        Assert.That(await StatusOf([]), Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(await StatusOf([new ImportDevicesRequest { Chunk = ByteString.CopyFromUtf8(Good) }]), Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(await StatusOf([new ImportDevicesRequest { Options = new ImportOptions() }]), Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(await StatusOf([options, options]), Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(await StatusOf([options, .. Enumerable.Repeat(new ImportDevicesRequest { Chunk = ByteString.CopyFrom(new byte[500_000]) }, 140)]), Is.EqualTo(StatusCode.InvalidArgument));
    }

    private static string LongFile(int devices) => "device.id,posture.risk\n" + string.Concat(Enumerable.Range(0, devices).Select(i => $"d-{i},5\n"));

    private async Task TamperAsync(string sql)
    {
        await using var database = new SqliteDatabase(_pdp.Data.RegistryDatabase, TimeProvider.System);
        await using DbConnection connection = await database.OpenAsync(create: false, CancellationToken.None);
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private async Task<bool> IsThere(string id) => (await _operator.ListDevicesAsync(new ListDevicesRequest())).Devices.Any(device => device.Id == id);

    private async Task<(ImportSummary Summary, ImportFault[] Faults, ImportFault[] Warnings)> Import(
        string file, ImportFormat format = ImportFormat.Csv, bool keepGood = false, bool dryRun = false)
    {
        // In small chunks, so that characters and lines are cut in the middle.
        ByteString bytes = ByteString.CopyFromUtf8(file);
        IEnumerable<ImportDevicesRequest> chunks = bytes.Chunk(1_000).Select(chunk => new ImportDevicesRequest { Chunk = ByteString.CopyFrom(chunk) });
        List<ImportDevicesResponse> responses = await Call([new ImportDevicesRequest { Options = new ImportOptions { Format = format, KeepGood = keepGood, DryRun = dryRun } }, .. chunks]);
        Assert.That(responses.Count(response => response.Summary is not null), Is.EqualTo(1));
        return (responses[^1].Summary, [.. responses.SelectMany(response => response.Faults)], [.. responses.SelectMany(response => response.Warnings)]);
    }

    private async Task<StatusCode> StatusOf(ImportDevicesRequest[] requests)
    {
        try
        {
            await Call(requests);
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }

    private async Task<List<ImportDevicesResponse>> Call(ImportDevicesRequest[] requests)
    {
        using AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> call = _operator.ImportDevices();
        try
        {
            foreach (ImportDevicesRequest request in requests)
                await call.RequestStream.WriteAsync(request);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
            // The server has heard enough; what it says comes below.
        }
        List<ImportDevicesResponse> responses = [];
        while (await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken))
            responses.Add(call.ResponseStream.Current);
        return responses;
    }
}
