using System.Text;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary>A file that cannot be read is named, and why is said in words of this command and not of a library.</summary>
internal sealed class FileFaultTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Make() => _folder = new TemporaryFolder();

    [TearDown]
    public void Remove() => _folder.Dispose();

    [TestCase("show", "it has no checkpoint")]
    [TestCase("verify", "it has no key")]
    public void A_folder_that_is_no_audit_log(string command, string why) =>
        Says(M2M.Run("audit", command, _folder.Path), $"m2m: `{_folder.Path}` is no log that can be read: {why}\n");

    [Test]
    public void A_file_of_an_audit_log_that_is_a_folder()
    {
        Directory.CreateDirectory(_folder["checkpoint"]);
        Says(M2M.Run("audit", "show", _folder.Path), $"m2m: the checkpoint of the log `{_folder.Path}` cannot be read: it is a folder, and a file is expected\n");
        Says(M2M.Run("audit", "verify", _folder.Path, "--key", _folder["checkpoint"]), $"m2m: `{_folder["checkpoint"]}` is a folder; name a file\n");
    }

    [Test]
    [Platform("Linux")]
    public void A_certificate_that_the_disk_does_not_give() =>
        Says(M2M.Run("pdp", "status", "--cert", "/proc/self/mem", "--key", "/proc/self/mem"), "m2m: --cert: `/proc/self/mem`, or what belongs to it, cannot be read: the device reports an error\n");

    /// <summary>What has no shape of its own, or turns the text beside it around, is shown as the escape of a policy.</summary>
    [TestCase("a\u202Eb", "a\\u{202E}b")]
    [TestCase("a\u200Bb\u00ADc", "a\\u{200B}b\\u{AD}c")]
    [TestCase("a\u2028b\u001Bc", "a\\u{2028}b\\u{1B}c")]
    [TestCase("plain, ünïcöde, 中文 and 🔑", "plain, ünïcöde, 中文 and 🔑")]
    public void What_others_wrote_steers_no_terminal(string text, string shown) => Assert.That(Printable.Of(text), Is.EqualTo(shown), string.Join(' ', Encoding.UTF8.GetBytes(text)));

    private static void Says(FinishedProcess run, string fault) => Assert.That((run.ExitCode, run.Error), Is.EqualTo((1, fault)));
}
