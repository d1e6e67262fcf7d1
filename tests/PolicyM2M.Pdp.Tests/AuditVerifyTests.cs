using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The command that looks a log through, as whoever was handed its folder runs it.</summary>
[CancelAfter(120_000)]
internal sealed class AuditVerifyTests
{
    private TemporaryFolder _folder = null!;

    private string Log => _folder["log"];

    [SetUp]
    public async Task Write()
    {
        _folder = new TemporaryFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using (var log = AuditLog.Open(new AuditLogOptions(Log, "pdp.test/audit", key, _ => throw new InvalidOperationException())))
            await log.RecordAsync(new WireEntry(new AuditRecord { Time = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()), Start = new AuditStart { Mode = "durable, stop" } }));
        File.Copy(Path.Combine(Log, "key"), _folder["audit.vkey"]);
    }

    [TearDown]
    public void Remove() => _folder.Dispose();

    [TestCase("key", 1, "m2m: the key of the log `{log}` cannot be read: it is no ordinary file")]
    [TestCase("checkpoint", 4, "wrong: it is no ordinary file  (checkpoint)")]
    [TestCase("tile/entries/000.p/1", 4, "wrong: it is no ordinary file  (tile/entries/000.p/1)")]
    [TestCase("journal/0000000000000000000", 4, "wrong: it is no ordinary file  (journal/0000000000000000000)")]
    public void A_pipe_in_the_place_of_a_file_is_told_and_not_waited_for(string file, int exitCode, string told)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("named pipes are for Linux");
        File.Delete(Path.Combine(Log, file));
        FinishedProcess.Run("mkfifo", [Path.Combine(Log, file)]).Succeeded();
        FinishedProcess verified = M2MProcess.Run("audit", "verify", Log);
        Assert.That((verified.ExitCode, verified.Output + verified.Error), Is.EqualTo((exitCode, verified.Output + verified.Error)));
        Assert.That(verified.Output + verified.Error, Does.Contain(told.Replace("{log}", Log, StringComparison.Ordinal)));
        FinishedProcess named = M2MProcess.Run("audit", "verify", Log, "--key", Path.Combine(Log, file), "--since", Path.Combine(Log, file));
        Assert.That((named.ExitCode, named.Error), Is.EqualTo((1, $"m2m: `{Path.Combine(Log, file)}` cannot be read: it is no ordinary file\n")));
    }

    [Test]
    public void A_checkpoint_that_is_missing_is_told_in_words()
    {
        File.Delete(Path.Combine(Log, "checkpoint"));
        FinishedProcess verified = M2MProcess.Run("audit", "verify", Log, "--key", _folder["audit.vkey"]);
        Assert.That((verified.ExitCode, verified.Output, verified.Error), Is.EqualTo((4, "wrong: it is missing, and nothing else says what was signed  (checkpoint)\n", "")));
    }

    [Test]
    public void A_copy_without_the_journal_is_sound_and_says_that_it_has_none()
    {
        Assert.That(M2MProcess.Run("audit", "verify", Log).Output, Does.Not.Contain("journal"));
        // As a server leaves it that is killed: one more record than its checkpoint covers.
        string journal = Directory.EnumerateFiles(Path.Combine(Log, "journal")).Single();
        byte[] one = File.ReadAllBytes(journal);
        File.WriteAllBytes(journal, [.. one, .. one]);
        Assert.That(M2MProcess.Run("audit", "show", Log).Error, Does.Contain(" came after the checkpoint and "));
        File.WriteAllBytes(journal, one);
        Assert.That(M2MProcess.Run("audit", "show", Log).Error, Is.Empty);
        Directory.Delete(Path.Combine(Log, "journal"), recursive: true);
        FinishedProcess verified = M2MProcess.Run("audit", "verify", Log);
        Assert.That((verified.ExitCode, verified.Error), Is.EqualTo((0, "")));
        Assert.That(verified.Output, Does.Contain("\nnote: there is no journal, as in a copy: "));
        Assert.That((bool)JsonNode.Parse(M2MProcess.Run("audit", "verify", Log, "--json").Output)!["journal"]!, Is.False);
    }
}
