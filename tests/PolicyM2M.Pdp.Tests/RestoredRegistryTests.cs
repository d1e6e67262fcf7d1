using System.Security.Cryptography;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What an operator does who puts a backup in the place of a registry (docs/running.md).</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class RestoredRegistryTests
{
    [Test]
    public async Task The_audit_log_says_which_files_to_import_again()
    {
        using var folder = new TemporaryFolder();
        string[] files = [.. new[] { "before", "since", "tried" }.Select(name => folder.Write($"{name}.csv", $"device.id,posture.risk\n{name}-1,5\n"))];
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        Import(files[0]);
        await pdp.StopServerAsync();
        File.Copy(pdp.Data.RegistryDatabase, folder["backup"]);
        await pdp.StartServerAsync();
        Import(files[1]);
        Import(files[2], "--dry-run");
        await pdp.StopServerAsync();
        foreach (string file in Directory.EnumerateFiles(pdp.Data.Path, "registry.db*"))
            File.Delete(file);
        File.Copy(folder["backup"], pdp.Data.RegistryDatabase);
        await pdp.StartServerAsync();
        DeviceService.DeviceServiceClient devices = pdp.DevicesAs("operator");
        ulong last = (await devices.GetRegistryStatusAsync(new GetRegistryStatusRequest())).Sequence;

        string[] shown = Show(), records = Show("--json");
        Assert.That(shown.Select(line => line.Split("  ")[^2..]), Is.EqualTo(new[]
        {
            Line("1 good, 1 changed, 0 faults", files[0]),
            Line("1 good, 1 changed, 0 faults", files[1]),
            Line("1 good, 1 would change, 0 faults, not done: it was only tried", files[2]),
        }));
        string[] missing = [.. records.Select(AuditRecord.Parser.ParseJson).Where(record => record.DeviceChange.Version > last)
            .Select(record => files.Single(file => record.DeviceChange.FileSha256.Span.SequenceEqual(SHA256.HashData(File.ReadAllBytes(file)))))];
        Assert.That(missing, Is.EqualTo(new[] { files[1] }));
        Import(missing[0]);
        Assert.That((await devices.ListDevicesAsync(new ListDevicesRequest())).Devices.Select(device => device.Id), Does.Contain("before-1").And.Contain("since-1").And.Not.Contain("tried-1"));

        string[] Show(params string[] options) => [.. M2MProcess.Run(["audit", "show", pdp.Data.Audit, "--kind", "import", .. options]).Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("first start", StringComparison.Ordinal))];

        void Import(string file, params string[] options) => M2MProcess.Run(["pdp", "devices", "import", file, "--pdp", pdp.Address,
            "--cert", pdp.Data.Certificate("operator"), "--key", pdp.Data.Key("operator"), "--ca", pdp.Data.Certificate("ca"), .. options]).Succeeded();
    }

    private static string[] Line(string came, string file) =>
        [$"registry: import, {came}, of the file {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}", "spiffe://dev.policym2m.example/operator/dev"];
}
