using PolicyM2M.Registry;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What becomes of an import whose server is killed, and what its operator is told.</summary>
[TestFixture]
[CancelAfter(240_000)]
internal sealed class KilledImportTests
{
    private const int Devices = 100 * DeviceStore.PartSize;

    private TemporaryFolder _folder = null!;
    private string _fleet = "";

    [SetUp]
    public void Write()
    {
        _folder = new TemporaryFolder();
        _fleet = _folder.Write("fleet.csv", "device.id,posture.risk\n" + string.Concat(Enumerable.Range(0, Devices).Select(i => $"d-{i},5\n")));
    }

    [TearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public async Task Its_operator_is_told_how_far_it_had_come_and_may_run_it_again()
    {
        using PdpProcess pdp = await PdpProcess.StartAsync();
        Task<FinishedProcess> import = Task.Run(() => Import(pdp));
        var devices = new DeviceService.DeviceServiceClient(pdp.ChannelOf("operator"));
        await RunningPdp.Eventually(async () => await devices.GetRegistryStatusAsync(new GetRegistryStatusRequest()), status => status.Devices > 5 * DeviceStore.PartSize);
        await pdp.Process.KillAsync();

        FinishedProcess killed = await import;
        Assert.That((killed.ExitCode, killed.Output), Is.EqualTo((1, "")));
        Assert.That(killed.Error, Does.Match($"cannot be reached: .*; it had said that \\d+000 of {Devices} devices were written, from the first line on; "
            + "import the file again: what is written already stays as it is, and what others changed in its devices since becomes again what the file says\n$"));

        using PdpProcess next = await PdpProcess.StartAsync("--registry-db", $"sqlite:{pdp.Data.RegistryDatabase}");
        FinishedProcess again = Import(next);
        Assert.That((again.ExitCode, again.Error), Is.EqualTo((0, "")));
        Assert.That(again.Output, Does.Match($"written: {Devices} devices good, \\d+000 changed, 0 faults\n$").And.Not.Contain($" {Devices} changed"));
    }

    [Test]
    public async Task A_server_that_was_never_there_has_written_nothing()
    {
        using PdpProcess pdp = await PdpProcess.StartAsync();
        await pdp.Process.KillAsync();
        Assert.That(Import(pdp).Error, Does.EndWith(": Connection refused; nothing is written, since not all of the file was sent\n"));
        Assert.That(Import(pdp, "--dry-run").Error, Does.EndWith("; nothing is written, since it was only tried\n"));
    }

    private FinishedProcess Import(PdpProcess pdp, params string[] options) => M2MProcess.Run([
        "pdp", "devices", "import", _fleet, "--pdp", pdp.Address,
        "--cert", pdp.Data.Certificate("operator"), "--key", pdp.Data.Key("operator"), "--ca", pdp.Data.Certificate("ca"), .. options]);
}
