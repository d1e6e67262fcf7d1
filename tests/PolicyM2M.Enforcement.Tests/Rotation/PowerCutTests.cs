using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Whatever the power or the disk does, the device has a credential with its key, and knows where it stood.</summary>
internal sealed class PowerCutTests
{
    private const int Kills = 10;

    [Test]
    public async Task A_state_cut_or_altered_at_any_byte_costs_one_transition_and_nothing_else()
    {
        using var world = new RotationWorld();
        await world.AfterAsync(20.1);
        await world.Rotation.UsedAsync(world.Serving);
        string serving = world.Serving, path = Path.Combine(world.Folder, "state.json"), before = Path.Combine(world.Folder, "state.before.json");
        byte[] whole = File.ReadAllBytes(path), wholeBefore = File.ReadAllBytes(before);
        var file = new RotationStateFile(world.Folder, "plc-1");
        IEnumerable<byte[]> damaged = Enumerable.Range(0, whole.Length).SelectMany(at => new[] { whole[..at], [.. whole[..at], (byte)(whole[at] ^ 1), .. whole[(at + 1)..]] });
        foreach (byte[] bytes in damaged)
        {
            File.WriteAllBytes(path, bytes);
            RotationState? read = file.Load(out IReadOnlyList<string> damage);
            Assert.That((read?.Serving.Fingerprint, damage.Count), Is.EqualTo((serving, 1)));
        }
        File.WriteAllBytes(path, whole[..^1]);
        world.Restart();
        Assert.That(File.ReadAllBytes(before), Is.EqualTo(wholeBefore), "the damaged one does not push out the whole one");
        Assert.That(world.Events.OfType<RotationEvent.StateDiscarded>(), Has.One.Items);
        await world.Rotation.TurnAsync();
        Assert.That(world.Usable.Serving.Credential.Fingerprint, Is.EqualTo(serving));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_link_that_could_not_be_replaced_is_replaced_in_the_next_turn_in_which_it_can()
    {
        using var world = new RotationWorld();
        string link = Path.Combine(world.Folder, "current");
        File.Delete(link);
        // No link takes the name of a folder that holds something.
        Directory.CreateDirectory(link);
        await File.WriteAllTextAsync(Path.Combine(link, "something"), "");
        await world.AfterAsync(20.1);
        Assert.That(world.Happened(), Does.Contain("NotWritten").And.Contain("Switched"));
        Directory.Delete(link, recursive: true);
        await world.Rotation.TurnAsync();
        Assert.That((new DirectoryInfo(link).LinkTarget, world.Happened()), Is.EqualTo((world.Serving, Array.Empty<string>())));
    }

    [Test]
    public async Task With_both_states_gone_the_newest_whole_credential_serves()
    {
        using var world = new RotationWorld();
        await world.AfterAsync(20.1);
        string serving = world.Serving;
        File.WriteAllText(Path.Combine(world.Folder, "state.json"), "{");
        File.Delete(Path.Combine(world.Folder, "state.before.json"));
        world.Restart();
        Assert.That(world.Serving, Is.EqualTo(serving));
    }

    [TestCase("certificate.pem")]
    [TestCase("key.pem")]
    public async Task A_credential_whose_files_are_cut_at_any_length_is_not_used_and_the_one_before_is(string name)
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        await world.AfterAsync(20.1);
        string cut = Path.Combine(world.Folder, world.Serving, name);
        string text = File.ReadAllText(cut);
        int end = text.IndexOf("-----END", StringComparison.Ordinal);
        var folder = new CredentialFolder(world.Folder);
        for (int length = 0; length < end; length++)
        {
            File.WriteAllText(cut, text[..length]);
            Assert.That(folder.IsWhole(world.Serving), Is.False, $"cut at {length}");
        }
        world.Restart();
        Assert.That((world.Serving, world.Events.OfType<RotationEvent.StateDiscarded>().Count()), Is.EqualTo((first, 1)));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task A_process_that_is_killed_at_any_moment_leaves_a_credential_that_works_and_an_unbroken_lineage()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["tmp"]);
        var random = new Random(7);
        var seen = new HashSet<string>();
        for (int kill = 0; kill < Kills; kill++)
        {
            // What a killed process leaves in its temporary folder goes with the test's.
            using (var process = RunningProcess.Start("env", [$"TMPDIR={folder["tmp"]}", "dotnet", typeof(PowerCutTests).Assembly.Location, RotatingProcess.Command, folder.Path], folder.Path))
            {
                for (int turns = random.Next(1, 40); turns > 0; turns--)
                    await process.NextLineAsync(line => line.StartsWith("turn ", StringComparison.Ordinal), "turn");
                await process.KillAsync();
            }
            string credentials = RotatingProcess.CredentialFolder(folder.Path);
            RotationState? state = new RotationStateFile(credentials, "plc-1").Load(out IReadOnlyList<string> damage);
            Assert.That((state is not null, damage.Count), Is.EqualTo((true, 0)), string.Join('\n', damage));
            Assert.That(state!.Fingerprints.Where(fingerprint => !new CredentialFolder(credentials).IsWhole(fingerprint)), Is.Empty);
            seen.Add(state.Serving.Fingerprint);
        }
        Assert.That(seen, Has.Count.EqualTo(Kills), "each process went on from where the one before it stood");
        string[][] reports = [.. File.ReadAllLines(RotatingProcess.ReportFile(folder.Path)).Select(line => line.Split(' '))];
        HashSet<string> successors = [.. reports.Select(report => report[1])];
        Assert.That(reports.Skip(1).Where(report => !successors.Contains(report[0]) && report[0] != reports[0][0]), Is.Empty, "every predecessor is somebody's successor");
    }
}
