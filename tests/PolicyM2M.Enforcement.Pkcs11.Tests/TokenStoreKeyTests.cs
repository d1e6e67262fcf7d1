using System.Runtime.InteropServices;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Pkcs11.Tests;

/// <summary>The store's key out of a SoftHSM, which is a token in all but its walls.</summary>
[TestFixture]
[NonParallelizable]
internal sealed partial class TokenStoreKeyTests
{
    private const string Pin = "482913", Device = "spiffe://test.example/device/plc-1";

    private TemporaryFolder _folder = null!;
    private string _library = null!;

    [OneTimeSetUp]
    public void MakeTokens()
    {
        string tool = new RequiredProgram("softhsm2-util", "softhsm2").Require();
        _library = new RequiredProgram("libsofthsm2.so", "softhsm2").Require("/usr/lib/softhsm");
        _folder = new TemporaryFolder();
        Directory.CreateDirectory(_folder["tokens"]);
        string configuration = _folder.Write("softhsm2.conf", $"directories.tokendir = {_folder["tokens"]}\n");
        // For the tools that this starts, and for the library: .NET keeps an environment of its own, which code of C does not see.
        Environment.SetEnvironmentVariable("SOFTHSM2_CONF", configuration);
        Assert.That(SetEnvironment("SOFTHSM2_CONF", configuration, 1), Is.Zero);
        foreach (string token in new[] { "device", "other" })
            FinishedProcess.Run(tool, ["--init-token", "--free", "--label", token, "--so-pin", "1234567", "--pin", Pin]).Succeeded();
        PinFile("pin", Pin + "\n");
    }

    [OneTimeTearDown]
    public void Remove()
    {
        Environment.SetEnvironmentVariable("SOFTHSM2_CONF", null);
        _folder?.Dispose();
    }

    [Test]
    public void It_is_the_same_each_time_and_another_for_another_token_or_label()
    {
        byte[] first = Key().Read();
        Assert.That(first, Has.Length.EqualTo(32));
        Assert.That(Key().Read(), Is.EqualTo(first));
        Assert.That(Key(options => options with { Key = "another" }).Read(), Is.Not.EqualTo(first));
        Assert.That(Key(options => options with { Token = "other" }).Read(), Is.Not.EqualTo(first));
    }

    [Test]
    public void What_was_stored_under_it_is_read_with_it_and_not_without_the_token()
    {
        byte[] content = [1, 2, 3];
        Store(Key().Read()).Save(content);
        Assert.That(Store(Key().Read()).Load(bytes => bytes, out string? discarded), Is.EqualTo(content), discarded);
        Assert.That(Store(Key(options => options with { Token = "other" }).Read()).Load(bytes => bytes, out discarded), Is.Null);
        Assert.That(discarded, Does.Contain("written under another key"));
    }

    [Test]
    public void The_secret_does_not_leave_the_token()
    {
        Key().Read();
        string tool = new RequiredProgram("pkcs11-tool", "opensc").Require();
        string listed = FinishedProcess.Run(tool, ["--module", _library, "--token-label", "device", "--login", "--pin", Pin, "--list-objects", "--type", "secrkey"]).Succeeded().Output;
        Assert.That(listed, Does.Contain("policym2m-store").And.Contain("sensitive").And.Contain("never extractable"));
    }

    [Test]
    public void What_it_cannot_do_without_is_said_and_the_PIN_is_not()
    {
        PinFile("wrong-pin", "000000");
        PinFile("open-pin", Pin);
        File.SetUnixFileMode(_folder["open-pin"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        (TokenStoreKey Key, string Said)[] faults =
        [
            (Key(options => options with { PinPath = _folder["wrong-pin"] }), "CKR_PIN_INCORRECT"),
            (Key(options => options with { PinPath = _folder["open-pin"] }), "may be used by others than its owner"),
            (Key(options => options with { PinPath = _folder["no-pin"] }), "no-pin"),
            (Key(options => options with { Token = "nobody" }), "0 tokens with the label `nobody`"),
            (Key(options => options with { Library = _folder["no-library.so"] }), "no-library.so"),
        ];
        foreach ((TokenStoreKey key, string said) in faults)
            Assert.That(() => key.Read(), Throws.InstanceOf<IOException>().With.Message.Contains(said).And.Message.Not.Contains(Pin).And.Message.Not.Contains("000000"));
    }

    private TokenStoreKey Key(Func<TokenKeyOptions, TokenKeyOptions>? with = null) =>
        new((with ?? (options => options))(new TokenKeyOptions { Library = _library, Token = "device", PinPath = _folder["pin"] }));

    private StoreFile Store(byte[] key) => new(_folder["decisions.m2mc"], "decisions", Device, key, 1 << 20);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    private void PinFile(string name, string pin) => File.SetUnixFileMode(_folder.Write(name, pin), UnixFileMode.UserRead | UnixFileMode.UserWrite);
}
