using System.Security.Cryptography;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class CompileTests
{
    private const string Plc = """{ "device.type": "plc", "firmware.version": "2.5.0", "lifecycle.state": "active", "location.site": "plant-7", "posture.risk": 70 }""";

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Make_an_empty_folder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete_the_folder() => _folder.Dispose();

    [Test]
    public void The_bundle_is_written_and_its_hash_is_that_of_its_bytes()
    {
        FinishedProcess run = Compile(_folder["factory.m2mb"]);

        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        byte[] bytes = File.ReadAllBytes(_folder["factory.m2mb"]);
        Assert.That(run.Output, Does.Match(@"^written: \S+factory\.m2mb: \S+ with 2 policies and \d+ rules, [\d,]+ bytes; \d+ cipher suites?, \d+ groups?, \d+ signature schemes? of the tables [0-9a-f]{12}; bundle [0-9a-f]{64}\n$")
            .And.Contain($"{bytes.Length:N0} bytes; ").And.Contain($"; bundle {Convert.ToHexStringLower(SHA256.HashData(bytes))}"));
    }

    [TestCase("no-folder/factory.m2mb", "there is no folder `")]
    [TestCase("too-long", "is too long")]
    public void What_cannot_be_written_is_called_as_its_user_called_it(string name, string reason)
    {
        string file = _folder[name == "too-long" ? new string('a', 252) : name];
        FinishedProcess run = Compile(file);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.StartWith($"m2m: {file} cannot be written: ").And.Contain(reason).And.Not.Contain(".tmp"));
    }

    [Test]
    public void What_was_written_is_said_as_json_too()
    {
        FinishedProcess run = M2M.Run("compile", "factory", "-o", _folder["factory.m2mb"], "--json");
        using var written = System.Text.Json.JsonDocument.Parse(run.Output);
        byte[] bytes = File.ReadAllBytes(_folder["factory.m2mb"]);
        Assert.That(written.RootElement.GetProperty("file").GetString(), Is.EqualTo(_folder["factory.m2mb"]));
        Assert.That(written.RootElement.GetProperty("bytes").GetInt32(), Is.EqualTo(bytes.Length));
        Assert.That(written.RootElement.GetProperty("bundle").GetString(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(bytes))));
        Assert.That(written.RootElement.GetProperty("registry").GetProperty("tables").GetString(), Is.EqualTo(TlsRegistry.TablesHash));
    }

    [Test]
    public void What_a_bundle_decides_is_what_its_folder_decides()
    {
        Compile(_folder["factory.m2mb"]);
        FinishedProcess folder = M2M.RunWith(Plc, "decide", "factory", "--context", "-", "--explain", "--json");
        Assert.That(M2M.RunWith(Plc, "decide", _folder["factory.m2mb"], "--context", "-", "--explain", "--json"), Is.EqualTo(folder));
        Assert.That(folder.Output, Does.Contain("plant-7"));
    }

    [Test]
    public void A_bundle_that_is_there_is_replaced_and_nothing_else_is_left()
    {
        _folder.Write("factory.m2mb", "an old one");
        Assert.That(Compile(_folder["factory.m2mb"]).ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(_folder["factory.m2mb"]), Does.StartWith("M2MB"));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Is.EqualTo(new[] { _folder["factory.m2mb"] }));
    }

    [Test]
    public void A_folder_is_not_overwritten()
    {
        Directory.CreateDirectory(_folder["out"]);
        FinishedProcess run = Compile(_folder["out"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("out` is a folder; expected the name of the file to write"));
        Assert.That(Directory.Exists(_folder["out"]), Is.True);
    }

    [TestCase("compile", "factory", "-o", "policyset.yaml")]
    [TestCase("compile", "factory", "-o", "baseline.m2m")]
    [TestCase("tree", "factory", "--svg", "site.m2m.yaml")]
    [TestCase("tree", "factory", "--svg", "decisions.snapshot.txt")]
    [TestCase("test", "factory", "--junit", "baseline.tests.yaml")]
    public void A_source_is_not_overwritten(string command, string set, string option, string name)
    {
        _folder.Write(name, "somebody's work");
        FinishedProcess run = M2M.Run(command, set, option, _folder[name]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain($"{name} has the name of a source of policies, which no output may replace; name another file"));
        Assert.That(File.ReadAllText(_folder[name]), Is.EqualTo("somebody's work"));
    }

    [TestCase("compile", "factory", "-o")]
    [TestCase("tree", "factory", "--svg")]
    [TestCase("test", "factory", "--junit")]
    public void A_context_that_tests_may_name_is_not_overwritten(string command, string set, string option)
    {
        string context = Path.Combine("examples", "plc.json");
        _folder.Write("policyset.yaml", "name: s");
        _folder.Write(context, "{}");
        FinishedProcess run = M2M.Run(command, set, option, _folder[context]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("plc.json is a context that the tests of the policy set `").And.Contain("which no output may replace; name another file"));
        Assert.That(File.ReadAllText(_folder[context]), Is.EqualTo("{}"));
    }

    [Test]
    public void Other_files_of_a_policy_set_and_those_outside_are_replaced()
    {
        _folder.Write("set/policyset.yaml", "name: s");
        _folder.Write("set/.cache/old.json", "old");
        _folder.Write("report.json", "old");
        foreach (string file in new[] { "set/new.json", "set/.cache/old.json", "report.json" })
        {
            Assert.That(Compile(_folder[file]).ExitCode, Is.Zero, file);
            Assert.That(File.ReadAllText(_folder[file]), Does.StartWith("M2MB"));
        }
    }

    [Test]
    public void What_a_link_leads_to_is_not_overwritten_where_it_is_a_source()
    {
        _folder.Write("baseline.m2m", "somebody's work");
        File.CreateSymbolicLink(_folder["factory.m2mb"], _folder["baseline.m2m"]);
        FinishedProcess run = Compile(_folder["factory.m2mb"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("has the name of a source of policies"));
        Assert.That(File.ReadAllText(_folder["baseline.m2m"]), Is.EqualTo("somebody's work"));
    }

    [Test]
    public void A_pipe_is_written_to_and_stays_a_pipe()
    {
        FinishedProcess run = Shell("mkfifo \"$2/pipe\" && { cat \"$2/pipe\" > \"$2/got\" & } && \"$0\" \"$1\" compile factory -o \"$2/pipe\" && wait && test -p \"$2/pipe\"");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(File.ReadAllText(_folder["got"]), Does.StartWith("M2MB"));
    }

    [Test]
    public void A_hyphen_is_standard_output()
    {
        FinishedProcess run = Shell("\"$0\" \"$1\" compile factory -o - > \"$2/got\"");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((0, "")), run.Error);
        Assert.That(run.Error, Does.StartWith("written: standard output: "));
        Compile(_folder["factory.m2mb"]);
        Assert.That(File.ReadAllBytes(_folder["got"]), Is.EqualTo(File.ReadAllBytes(_folder["factory.m2mb"])));
        Assert.That(File.Exists(Path.Combine(M2M.Cases, "-")), Is.False);
        Assert.That(M2M.Run("tree", "factory", "--svg", "-").Output, Does.StartWith("<svg").And.EndWith("</svg>\n"));
        Assert.That(M2M.Run("compile", "factory", "-o", "-", "--json").Error, Is.EqualTo("m2m: `-` is standard output, to which --json writes too; name a file\n"));
    }

    /// <summary>The program `script` makes a terminal.</summary>
    [Test]
    [Platform("Linux")]
    public void A_terminal_gets_no_bundle()
    {
        new RequiredProgram("script", "bsdutils").Require();
        FinishedProcess run = Shell("script --quiet --return --command \"'$0' '$1' compile factory -o -\" /dev/null");
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Output, Does.Contain("what is made here is no text, and a terminal cannot show it"));
    }

    [Test]
    [Platform("Linux,MacOsX")]
    public void Who_has_read_enough_of_the_answers_ends_them_without_a_word()
    {
        FinishedProcess run = Shell("{ \"$0\" \"$1\" tree factory --dot --full; echo \"ended with $?\" >&2; } | exit 0");
        Assert.That(run.Error, Is.EqualTo("ended with 141\n"));
    }

    [Test]
    [Platform("Linux")]
    public void A_full_disk_is_said_in_plain_words()
    {
        Assert.That(Shell("\"$0\" \"$1\" check factory > /dev/full").Error, Is.EqualTo("m2m: standard output cannot be written: the disk is full\n"));
        Assert.That(Compile("/dev/full"), Is.EqualTo(new FinishedProcess(1, "", "m2m: /dev/full cannot be written: the disk is full\n")));
    }

    [Test]
    [Platform("Linux,MacOsX")]
    public void A_context_is_read_from_a_pipe_with_a_name()
    {
        _folder.Write("plc.json", Plc);
        FinishedProcess run = Shell("mkfifo \"$2/pipe\" && { cat \"$2/plc.json\" > \"$2/pipe\" & } && \"$0\" \"$1\" decide factory --context \"$2/pipe\"");
        Assert.That(run, Is.EqualTo(M2M.Run("decide", "factory", "--context", _folder["plc.json"])));
    }

    [Test]
    public void A_folder_in_place_of_standard_input_is_said_to_be_one()
    {
        foreach (string option in new[] { "--context", "--contexts" })
            Assert.That(Shell($"\"$0\" \"$1\" decide factory {option} - < /").Error, Is.EqualTo("m2m: standard input cannot be read: it is a folder\n"));
    }

    [Test]
    public void A_link_is_followed_and_stays_a_link()
    {
        _folder.Write("there.m2mb", "an old one");
        File.CreateSymbolicLink(_folder["link.m2mb"], _folder["there.m2mb"]);
        Assert.That(Compile(_folder["link.m2mb"]).ExitCode, Is.Zero);
        Assert.That(new FileInfo(_folder["link.m2mb"]).LinkTarget, Is.EqualTo(_folder["there.m2mb"]));
        Assert.That(File.ReadAllText(_folder["there.m2mb"]), Does.StartWith("M2MB"));
    }

    [Test]
    public void A_file_in_a_folder_that_is_not_there_cannot_be_written()
    {
        FinishedProcess run = Compile(_folder["nowhere/factory.m2mb"]);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.StartWith("m2m: ").And.Contain("factory.m2mb cannot be written"));
    }

    [Test]
    public void An_invalid_set_leaves_the_old_bundle_as_it_was()
    {
        _folder.Write("broken.m2mb", "an old one");
        FinishedProcess run = M2M.Run("compile", "broken", "-o", _folder["broken.m2mb"]);
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain("error M2M201").And.Contain("`broken` is no valid policy set"));
        Assert.That(File.ReadAllText(_folder["broken.m2mb"]), Is.EqualTo("an old one"));
    }

    [Test]
    public void A_damaged_bundle_decides_nothing()
    {
        Compile(_folder["factory.m2mb"]);
        byte[] bytes = File.ReadAllBytes(_folder["factory.m2mb"]);
        _folder.Write("half.m2mb", bytes[..(bytes.Length / 2)]);
        FinishedProcess run = M2M.RunWith(Plc, "decide", _folder["half.m2mb"], "--context", "-");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain("half.m2mb: the bundle is damaged"));
    }

    [Test]
    public void A_bundle_with_one_bit_changed_decides_nothing()
    {
        Compile(_folder["factory.m2mb"]);
        byte[] bytes = File.ReadAllBytes(_folder["factory.m2mb"]);
        bytes[^1] ^= 1;
        _folder.Write("changed.m2mb", bytes);
        FinishedProcess run = M2M.RunWith(Plc, "decide", _folder["changed.m2mb"], "--context", "-");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain("changed.m2mb: the bundle is damaged: its content is not the one that was sealed"));
    }

    /// <summary>Runs a line of the shell, which knows the command as <c>"$0" "$1"</c> and the folder of the test as <c>$2</c>.</summary>
    private FinishedProcess Shell(string line) => FinishedProcess.Run("timeout",
        ["60", "sh", "-c", line, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Path.Combine(AppContext.BaseDirectory, "m2m.dll"), _folder.Path], M2M.Cases);

    private static FinishedProcess Compile(string file) => M2M.Run("compile", "factory", "-o", file);
}
