using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The command that shows records of a log, to whoever looks for some of them.</summary>
[CancelAfter(120_000)]
internal sealed class AuditShowTests
{
    private TemporaryFolder _folder = null!;

    private string Log => _folder["log"];

    [SetUp]
    public void Make() => _folder = new TemporaryFolder();

    [TearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public async Task A_device_with_a_pseudonym_is_found_by_who_has_the_secret_and_others_are_told_of_it()
    {
        string secret = _folder.Write("secret", "a secret of the auditors"), another = _folder.Write("another", "a secret of nobody here"), shorter = _folder.Write("short", "short");
        string pseudonym = Pseudonyms.Of(secret).NameOf("plc-0042");
        await WriteAsync(About("plc-0042", "before there was a secret"), About(pseudonym, "since there is one"), About(Pseudonyms.Of(secret).NameOf("plc-0043"), "of another device"));

        Assert.That(Show("plc-0042"), Is.EqualTo((0, "before there was a secret",
            "note: devices of this log are named by a keyed hash; to find `plc-0042`, give the secret of its server (`--audit-pseudonyms`) with --pseudonym-key FILE, or the hash with --device\n")));
        Assert.That(Show("plc-0042", "--pseudonym-key", secret), Is.EqualTo((0, "before there was a secret, since there is one", "")));
        Assert.That(Show(pseudonym), Is.EqualTo((0, "since there is one", "")));
        Assert.That(Show("plc-0044", "--pseudonym-key", another), Is.EqualTo((0, "",
            "note: no record that was looked at is about `plc-0044`, if the file of --pseudonym-key is the secret of this log's server (`--audit-pseudonyms`)\n")));
        Assert.That(M2MProcess.Run("audit", "show", Log, "--device", "plc-0042", "--pseudonym-key", shorter).Error, Is.EqualTo($"m2m: --pseudonym-key: `{shorter}` has 5 bytes, and a secret needs at least 16: `openssl rand -out FILE 32` makes one\n"));
        Assert.That(M2MProcess.Run("audit", "show", Log, "--pseudonym-key", secret).Error, Is.EqualTo("m2m: --pseudonym-key is for finding a device; name it with --device\n"));
    }

    [Test]
    public async Task A_device_of_which_there_is_no_record_is_said_to_have_none()
    {
        await WriteAsync(About("plc-0042", "seen in the dark"));
        Assert.That(Show("plc-0042"), Is.EqualTo((0, "seen in the dark", "")));
        Assert.That(Show("plc-0043"), Is.EqualTo((0, "", "note: no record that was looked at is about `plc-0043`\n")));
    }

    [Test]
    public async Task Records_of_a_kind_are_shown_alone()
    {
        await WriteAsync(
            new AuditRecord { Denial = new AuditDenial { Rpc = "/policym2m.v1.PolicyService/Pin" } },
            About("plc-0042", "stolen"),
            new AuditRecord { DeviceChange = new AuditDeviceChange { Verb = "import" } },
            new AuditRecord { Operation = new AuditOperation { Detail = "pin" } });
        Assert.That(new[] { "denial", "device-change", "import", "operation", "bundle" }.Select(kind => string.Join(' ', Numbers(kind))), Is.EqualTo(new[] { "0", "1 2", "2", "3", "" }));
        Assert.That(M2MProcess.Run("audit", "show", Log, "--kind", "imports").Error, Does.StartWith("m2m: `imports` is no value for --kind: expected one of decisions, denial, "));

        IEnumerable<ulong> Numbers(string kind) => M2MProcess.Run("audit", "show", Log, "--kind", kind, "--json").Succeeded().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => AuditRecord.Parser.ParseJson(line).Number);
    }

    private static AuditRecord About(string device, string reason) => new() { Device = device, DeviceChange = new AuditDeviceChange { Verb = "revoke", Reason = reason } };

    private async Task WriteAsync(params AuditRecord[] records)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var log = AuditLog.Open(new AuditLogOptions(Log, "pdp.test/audit", key, _ => throw new InvalidOperationException()));
        foreach (AuditRecord record in records)
        {
            record.Time = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
            await log.RecordAsync(new WireEntry(record));
        }
    }

    /// <summary>What is shown of a device: the exit code, the reasons in the order of the records, and what else was said.</summary>
    private (int ExitCode, string Reasons, string Error) Show(string device, params string[] options)
    {
        FinishedProcess shown = M2MProcess.Run(["audit", "show", Log, "--device", device, "--json", .. options]);
        return (shown.ExitCode, string.Join(", ", shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => AuditRecord.Parser.ParseJson(line).DeviceChange.Reason)), shown.Error);
    }
}
