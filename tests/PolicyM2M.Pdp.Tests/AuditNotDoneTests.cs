using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What operators tried, and what they looked at, is recorded as what they did.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AuditNotDoneTests
{
    private const string Secret = "a secret of the auditors";

    private TemporaryFolder _folder = null!;
    private RunningPdp _pdp = null!;
    private DeviceService.DeviceServiceClient _operator = null!;

    [SetUp]
    public async Task Start()
    {
        _folder = new TemporaryFolder();
        File.WriteAllText(_folder["secret"], Secret);
        var audit = new AuditOptions { Durability = AuditDurability.Durable, Pseudonyms = _folder["secret"] };
        _pdp = await RunningPdp.StartAsync(change: options => options with { Audit = audit });
        _operator = _pdp.DevicesAs("operator");
    }

    [TearDown]
    public async Task Stop()
    {
        await _pdp.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task A_change_that_the_registry_refuses_is_recorded_with_who_wanted_it_and_why_not()
    {
        await Refused(() => _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "nobody", Reason = "stolen" }));
        await Refused(() => _operator.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "plc-0042", ExpectedVersion = 99 }));
        await Refused(() => _operator.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "plc-0042", Reason = "found" }));
        Assert.That(_pdp.Trail.Log!.State.Waiting, Is.Zero, "what was answered is on disk");
        foreach (string file in Directory.EnumerateFiles(_pdp.Data.Path, "registry.db*"))
            File.Delete(file);
        await Refused(() => _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 1 }));

        AuditRecord[] records = await Changes();
        Assert.That(records.Select(record => (record.Device, record.DeviceChange.Verb, record.DeviceChange.Version, record.DeviceChange.Reason, record.DeviceChange.NotDone)), Is.EqualTo(new[]
        {
            (Name("nobody"), "revoke", 0UL, "stolen", "there is no such device"),
            (Name("plc-0042"), "upsert", 0UL, "", "it is of another version than was expected"),
            (Name("plc-0042"), "reinstate", 0UL, "found", "its state does not allow it"),
            (Name("plc-0042"), "risk 1", 0UL, "", "the registry could not be reached, and whether it was done is not known"),
        }));
        Assert.That(records.Select(record => record.Caller), Is.All.EqualTo("spiffe://dev.policym2m.example/operator/dev"));
        Assert.That((records[0].DeviceChange.BeforeDigest, records[1].DeviceChange.BeforeDigest), Is.EqualTo((ByteString.Empty, records[1].DeviceChange.AfterDigest)));
        string shown = M2MProcess.Run("audit", "show", _pdp.Data.Audit).Output;
        Assert.That(shown, Does.Contain("registry: revoke, not done: there is no such device, because: stolen").And.Contain("registry: upsert, not done: it is of").And.Not.Contain("nobody"));
    }

    [Test]
    public async Task An_import_that_writes_nothing_is_recorded_with_what_it_found()
    {
        const string file = "device.id,posture.risk\nnew-1,5\nnew-2,high\n";
        await Import(file, new ImportOptions { Format = ImportFormat.Csv, DryRun = true });
        await Import(file, new ImportOptions { Format = ImportFormat.Csv });
        await Import(file, new ImportOptions { Format = ImportFormat.Csv, KeepGood = true });
        await Import(file, new ImportOptions { Format = ImportFormat.Csv, KeepGood = true });

        AuditRecord[] imports = await Changes();
        Assert.That(imports.Select(record => record.DeviceChange.FileSha256.ToByteArray()), Is.All.EqualTo(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(file))));
        Assert.That(imports.Select(record => (record.DeviceChange.Verb, record.DeviceChange.Version, record.DeviceChange.Detail, record.DeviceChange.NotDone)), Is.EqualTo(new[]
        {
            ("import", 0UL, "1 good, 1 would change, 1 fault", "it was only tried"),
            ("import", 0UL, "1 good, 1 would change, 1 fault", "one fault keeps everything from being written"),
            ("import", 5UL, "1 good, 1 changed, 1 fault", ""),
            ("import", 5UL, "1 good, 0 changed, 1 fault", ""),
        }));
    }

    [Test]
    public async Task What_is_looked_at_is_recorded_by_device_and_by_filter_and_counted_where_it_is_the_same()
    {
        for (int i = 0; i < 3; i++)
            await _operator.GetDeviceAsync(new GetDeviceRequest { Id = "plc-0042" });
        await Refused(() => _operator.GetDeviceAsync(new GetDeviceRequest { Id = "nobody" }));
        await _operator.ListDevicesAsync(new ListDevicesRequest { Site = "plant-7", State = DeviceState.Onboarding, PageSize = 1 });
        await _operator.ListDevicesAsync(new ListDevicesRequest());
        using (var certificate = X509Certificate2.CreateFromPemFile(_pdp.Data.Certificate("operator"), _pdp.Data.Key("operator")))
        using (var http = new HttpClient(RunningPdp.Handler(_pdp.Data, certificate)) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact })
            Assert.That(await http.GetStringAsync($"{_pdp.Address}/v1/devices/plc-0099"), Does.Contain("plant-9"));
        _pdp.Server.Services.GetRequiredService<Reads>().EndWindow();

        Assert.That((await AuditTests.Records(_pdp)).Where(record => record.Read is not null).Select(record => $"{record.Read.Rpc.Split('/')[^1]} {record.Device} {record.Read.Filter} {record.Read.Again}"), Is.EqualTo(new[]
        {
            $"GetDevice {Name("plc-0042")}  0",
            $"GetDevice {Name("nobody")}  0",
            "ListDevices  site plant-7, state onboarding 0",
            "ListDevices   0",
            $"GetDevice {Name("plc-0099")}  0",
            $"GetDevice {Name("plc-0042")}  2",
        }));
        Assert.That(M2MProcess.Run("audit", "show", _pdp.Data.Audit).Output, Does.Contain("read /policym2m.v1.DeviceService/ListDevices of site plant-7, state onboarding  "));
    }

    private static string Name(string device) => $"hmac-sha256:{Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(device)))}";

    /// <summary>The records of changes, without that of the first start.</summary>
    private async Task<AuditRecord[]> Changes() => [.. (await AuditTests.Records(_pdp)).Where(record => record.DeviceChange is not null && record.Caller.Length > 0)];

    private static async Task Refused<T>(Func<AsyncUnaryCall<T>> call) => await Assert.ThrowsAsync<RpcException>(async () => await call());

    private async Task Import(string file, ImportOptions options)
    {
        using AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> call = _operator.ImportDevices();
        await call.RequestStream.WriteAsync(new ImportDevicesRequest { Options = options, Chunk = ByteString.CopyFromUtf8(file) });
        await call.RequestStream.CompleteAsync();
        await foreach (ImportDevicesResponse _ in call.ResponseStream.ReadAllAsync())
        {
        }
    }
}
