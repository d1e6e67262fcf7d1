using System.Globalization;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A process that is killed while it writes its store loses nothing that it had written.</summary>
internal sealed class StoreKillTests
{
    [Test]
    public async Task However_often_the_writer_is_killed_the_store_is_whole_and_no_older_than_what_was_written()
    {
        using var folder = new TemporaryFolder();
        string assembly = typeof(StoreKillTests).Assembly.Location;
        for (int round = 0; round < 12; round++)
        {
            using RunningProcess writer = RunningProcess.Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [assembly, StoringProcess.Command, folder.Path], folder.Path);
            for (int line = 0; line <= round * 3; line++)
                await writer.NextLineAsync(text => text.StartsWith("wrote ", StringComparison.Ordinal), "line for a write");
            await writer.KillAsync();
            long told = writer.Transcript.Split('\n').Where(line => line.StartsWith("wrote ", StringComparison.Ordinal)).Max(line => long.Parse(line.AsSpan(6), CultureInfo.InvariantCulture));
            StoreContent? found = StoringProcess.File(folder.Path).Load(StoreFormat.Read, out string? discarded);
            Assert.That(discarded, Is.Null);
            Assert.That(StoringProcess.Number(found), Is.GreaterThanOrEqualTo(told));
            Assert.That(found!.NeededAttributes, Is.EqualTo(StoringProcess.Content(StoringProcess.Number(found)).NeededAttributes!));
        }
    }
}
