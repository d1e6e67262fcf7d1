using System.Net;
using PolicyM2M.Pdp.Development;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Pdp.Startup.Configuration;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Options from a file and from the environment.</summary>
[TestFixture]
public sealed class ConfigurationTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    private string Config => _folder["pdp.yaml"];

    [Test]
    public void A_file_says_what_the_command_line_could()
    {
        string crl = Crl("a.crl"), database = _folder.Write("db", "Host=db.example;Password=x");
        WriteConfig($"""
            # The decision point of plant 7.
            git: https://git.example/fleet.git
            ref: "release"
            listen: 0.0.0.0:8443
            tls12: true
            poll: 0.5
            registry-db: postgres-file:{database}
            crl: [{crl}]
            rate: 7
            """);

        PdpOptions? options = Parse(["--config", Config]).Options;

        Assert.That((options!.Git, options.Ref, options.Listen, options.AllowTls12), Is.EqualTo(("https://git.example/fleet.git", "release", new IPEndPoint(IPAddress.Any, 8443), true)));
        Assert.That((options.Poll, options.RegistryDb), Is.EqualTo((TimeSpan.FromSeconds(0.5), $"postgres-file:{database}")));
        Assert.That(options.Callers.Crls, Is.EqualTo(new[] { crl }));
        Assert.That(options.Callers.Limits, Is.EqualTo(new CallLimits { Rate = 7 }));
    }

    [Test]
    public void The_command_line_overrules_the_environment_and_both_overrule_the_file()
    {
        WriteConfig("ref: file\npath: file\nfetch: 60\ntls12: true\n");

        PdpOptions? options = Parse(["--ref", "line", "--tls12=false"], ("POLICYM2M_PDP_CONFIG", Config), ("POLICYM2M_PDP_REF", "variable"),
            ("POLICYM2M_PDP_PATH", "variable"), ("PATH", "/bin")).Options;

        Assert.That((options!.Ref, options.Folder, options.Fetch, options.AllowTls12), Is.EqualTo(("line", "variable", TimeSpan.FromSeconds(60), false)));
    }

    [Test]
    public void A_variable_has_several_values_by_commas()
    {
        string first = Crl("a"), second = Crl("b");
        Assert.That(Parse([], ("POLICYM2M_PDP_CRL", $"{first}, {second}")).Options!.Callers.Crls, Is.EqualTo(new[] { first, second }));
    }

    [Test]
    public void A_value_is_never_taken_for_another_option()
    {
        WriteConfig("ref: --tls12\npath: '@/etc/passwd'\n");
        PdpOptions? options = Parse(["--config", Config]).Options;
        Assert.That((options!.Ref, options.Folder, options.AllowTls12), Is.EqualTo(("--tls12", "@/etc/passwd", false)));
    }

    [Test]
    public void Every_fault_of_every_source_is_named_with_its_place()
    {
        WriteConfig("listen: here\npol: 3\npoll: often\ntls12: maybe\nref: [a, b]\nfetch:\n  deep: 1\nrate: 9\nrate: 10\nrequire-signed: true\n? [x]\n: y\n");

        (PdpOptions? options, int exitCode, string text) = Parse(["--calls", "none", "--config", Config],
            ("POLICYM2M_PDP_POLL", "seldom"), ("POLICYM2M_PDP_LISTNE", "x"), ("POLICYM2M_PDP_REF", ""), ("POLICYM2M_PDP_TLS12", "1"));

        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 1)));
        Assert.That(text.Split('\n'), Is.EquivalentTo(new[]
        {
            "error: --calls: `none` is not a number from 1 to 1000000",
            "error: POLICYM2M_PDP_LISTNE: no option has this name; did you mean `POLICYM2M_PDP_LISTEN`?",
            "error: POLICYM2M_PDP_REF: expected a value; a variable that is to say nothing must be unset",
            "error: POLICYM2M_PDP_POLL: `seldom` is not a number of seconds from 0.1 to 3600",
            "error: POLICYM2M_PDP_TLS12: expected true or false",
            $"error: {Config}:1:9: listen: `here` is not HOST:PORT, such as 127.0.0.1:8443, [::1]:8443 or localhost:0; HOST is an IP address or localhost",
            $"error: {Config}:2:1: there is no option `pol`; did you mean `poll`?",
            $"error: {Config}:3:7: poll: `often` is not a number of seconds from 0.1 to 3600",
            $"error: {Config}:4:8: tls12: expected true or false",
            $"error: {Config}:5:6: ref: expected one value, not a list",
            $"error: {Config}:7:3: fetch: expected a value",
            $"error: {Config}:9:1: `rate` is there twice",
            $"error: {Config}:11:3: expected the name of an option",
            $"error: {Config}:10:17: require-signed: it needs --allowed-signers; somebody's signatures must count",
            "`--help` lists the options.",
            "",
        }));
    }

    [Test]
    public void What_is_wrong_in_the_files_is_told_all_at_once_and_before_a_start()
    {
        string signers = _folder.Write("signers", "security@plant.example\n"), secret = _folder.Write("secret", "short"), pseudonyms = _folder.Write("pseudonyms", "short too");
        string roles = _folder.Write("roles.json", """{ "roles": [ { "match": "spiffe://a.example/x", "role": "king" }, { "match": "", "role": "device" } ] }"""), trust = _folder.Write("a.pem", "no certificate");
        string crl = _folder.Write("a.crl", "no list"), data = _folder["data"];
        foreach (string folder in new[] { "pki", "crl" })
            Directory.CreateDirectory(Path.Combine(data, folder));
        File.WriteAllText(Path.Combine(data, "pki/server.pem"), "no certificate");
        WriteConfig($"""
            allowed-signers: {signers}
            webhook: 127.0.0.1:0
            webhook-secret: {secret}
            audit-pseudonyms: {pseudonyms}
            roles: {roles}
            trust: [a.example={trust}]
            crl: [{crl}]
            data: {data}
            """);

        string[] told = Parse(["--config", Config, "--check-config"]).Text.Split('\n');

        string[] expected =
        [
            $":1:18: allowed-signers: {signers}:1: ", $":3:17: webhook-secret: `{secret}` was expected to hold 16 to 1024 bytes", $":4:19: audit-pseudonyms: `{pseudonyms}` has 9 bytes, and a secret needs at least 16",
            $":5:8: roles: {roles}:1:57: expected device", $":5:8: roles: {roles}:1:79: expected a pattern", $":6:8: trust: {trust} holds no certificate", $":7:6: crl: the revocation list {crl} cannot be used: ", $":8:7: data: {data}/pki/server-key.pem is missing",
        ];
        foreach (string fault in expected)
            Assert.That(told, Has.Some.StartsWith($"error: {Config}{fault}"), string.Join('\n', told));
        Assert.That(told.Count(line => line.Contains(": roles: ", StringComparison.Ordinal)), Is.EqualTo(2));
        Assert.That(Parse(["--config", Config]).Text.Split('\n'), Is.EqualTo(told), "a start tells the same");
    }

    [Test]
    public void A_list_in_the_data_folder_that_its_authority_did_not_sign_is_told_before_a_start()
    {
        var data = new DataFolder(_folder["data"]);
        DevelopmentCredentials.Prepare(data, TimeProvider.System.GetUtcNow());
        Directory.CreateDirectory(data.Crl);
        using (var authority = TestAuthority.Load(data.Certificate("ca"), data.Key("ca")))
        using (TestAuthority forger = authority.WithNewKey())
            forger.WriteCrl(Path.Combine(data.Crl, "forged.crl"), "-crlexts", "bare");

        (PdpOptions? options, int exitCode, string text) = Parse(["--data", data.Path, "--check-config"]);

        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 1)));
        Assert.That(text, Does.Match(@"(?m)^error: --data: the revocation list .*forged\.crl cannot be used: it is not signed by"));
    }

    [TestCase("- a\n", ":1:1: expected options")]
    [TestCase("a: [b\n", "no YAML")]
    [TestCase("ref: \"x\n", "no YAML")]
    [TestCase("ref: a\n---\nref: b\n", "expected one document")]
    [TestCase("ref: &a x\npath: *a\n", "expected a value")]
    [TestCase("config: other.yaml\n", "there is no option `config`")]
    [TestCase("check-config: true\n", "there is no option `check-config`")]
    [TestCase("help: true\n", "there is no option `help`")]
    [TestCase("webhook: 127.0.0.1:9000\n", ":1:10: webhook: it needs --webhook-secret")]
    [TestCase("git-token: nowhere\n", ":1:12: git-token: there is no file `nowhere`")]
    [TestCase("git-token: .\n", ":1:12: git-token: `.` is a folder, and no file")]
    [TestCase("trust: [a.example=nowhere]\n", ":1:8: trust: there is no file `nowhere`")]
    [TestCase("registry-db: postgres:Password=hunter2\n", "registry-db: expected sqlite:PATH")]
    [TestCase("registry-db: postgres-file:/nowhere\n", ":1:14: registry-db: `/nowhere` cannot be read: it is not there")]
    [TestCase("registry-db: postgres-env:POLICYM2M_NO_SUCH_VARIABLE\n", ":1:14: registry-db: there is no environment variable `POLICYM2M_NO_SUCH_VARIABLE`")]
    [TestCase("git: http://git.example/fleet.git\n", ":1:6: git: `http://git.example/fleet.git`: over http nobody knows who answers")]
    [TestCase("git: ext::sh\n", ":1:6: git: `ext::sh` names a program")]
    [TestCase("git: https://me:hunter2@git.example/fleet.git\n", "holds a password")]
    [TestCase("monitor: 127.0.0.1:8443\n", ":1:10: monitor: 127.0.0.1:8443 is where --listen listens")]
    [TestCase("monitor: 0.0.0.0:8443\n", ":1:10: monitor: 0.0.0.0:8443 is where --listen listens")]
    [TestCase("otlp: http://me:hunter2@collector:4317\n", "otlp: expected an http: or https: URL without a password")]
    public void A_file_that_is_none_of_options_is_refused(string yaml, string fault)
    {
        WriteConfig(yaml);
        (PdpOptions? options, int exitCode, string text) = Parse(["--config", Config]);
        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 1)));
        Assert.That(text, Does.Contain(fault).And.Not.Contain("hunter2").And.Not.Contain("   at "));
    }

    [TestCase("")]
    [TestCase("# nothing yet\n")]
    [TestCase("---\n")]
    public void A_file_that_says_nothing_is_fine(string yaml)
    {
        WriteConfig(yaml);
        Assert.That(Parse(["--config", Config]).Options, Is.Not.Null);
    }

    [Test]
    public void A_file_that_nests_without_end_or_is_no_text_or_is_not_there_is_refused()
    {
        WriteConfig("ref: " + new string('[', 200_000));
        Assert.That(Parse(["--config", Config]).ExitCode, Is.EqualTo(1));
        File.WriteAllBytes(Config, [0x72, 0xFF, 0xFE]);
        Assert.That(Parse(["--config", Config]).Text, Does.Contain($"--config: `{Config}` cannot be read"));
        Assert.That(Parse(["--config", "nowhere.yaml"]).Text, Does.Contain("--config: there is no file `nowhere.yaml`"));
    }

    [TestCase("pipe", "it is no ordinary file")]
    [TestCase("to-pipe", "it is no ordinary file")]
    [TestCase("to-zero", "it is no ordinary file")]
    [TestCase("to-large", "it has more than 1048576 bytes")]
    public void A_file_that_does_not_end_is_refused_and_nobody_waits_for_it(string name, string reason)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("named pipes and devices are for Linux");
        FinishedProcess.Run("mkfifo", [_folder["pipe"]]).Succeeded();
        File.CreateSymbolicLink(_folder["to-pipe"], "pipe");
        File.CreateSymbolicLink(_folder["to-zero"], "/dev/zero");
        File.CreateSymbolicLink(_folder["to-large"], _folder.Write("large", new string('#', (1 << 20) + 1)));
        Assert.That(Parse(["--config", _folder[name]]), Is.EqualTo(((PdpOptions?)null, 1, $"error: --config: `{_folder[name]}` cannot be read: {reason}\n`--help` lists the options.\n")));
    }

    [TestCase("--audit-pseudonyms", "")]
    [TestCase("--registry-db", "postgres-file:")]
    [TestCase("--roles", "")]
    [TestCase("--webhook-secret", "")]
    public void A_file_of_an_option_that_does_not_end_is_told_and_not_waited_for(string option, string prefix)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("named pipes are for Linux");
        FinishedProcess.Run("mkfifo", [_folder["pipe"]]).Succeeded();
        File.CreateSymbolicLink(_folder["to-pipe"], "pipe");
        Assert.That(Parse([option, prefix + _folder["to-pipe"], "--check-config"]).Text, Does.Match($"(?m)^error: {option}: .*it is no ordinary file$"));
    }

    [Test]
    public async Task A_fault_of_what_a_variable_says_names_the_variable()
    {
        // Nobody can make a folder below a file, and that shows only where it is made.
        string below = Path.Combine(_folder.Write("file", ""), "data");
        (PdpOptions? options, _, string text) = Parse(["--listen", "127.0.0.1:0"], ("POLICYM2M_PDP_DATA", below));
        Assert.That(options, Is.Not.Null, text);
        using var errors = new StringWriter();
        Task Start() => Program.StartAsync(options!, TimeProvider.System, TextWriter.Null, _ => { });
        Assert.That(await ProcessEnd.OfAsync(Start, errors, options!.Places, CancellationToken.None), Is.EqualTo(1));
        Assert.That(errors.ToString().ReplaceLineEndings("\n"),
            Is.EqualTo($"error: the data folder {below} cannot be used: `{_folder["file"]}` is a file, and no folder can be in it; name another (`--data`); --data is set by POLICYM2M_PDP_DATA\n"));
        Assert.That(Settings.WithPlaces("--data-x: nothing of it", options.Places), Is.EqualTo("--data-x: nothing of it"));
    }

    [TestCase(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, "`/srv/pdp` is another user's, and the account `pdp` may not write there; `chown -R pdp` gives it to that account")]
    [TestCase(UnixFileMode.UserRead | UnixFileMode.UserExecute, "nobody may write to `/srv/pdp`; `chmod u+w` lets its owner")]
    public void A_data_folder_in_which_the_account_may_not_write_is_told_with_what_to_do(UnixFileMode mode, string text) =>
        Assert.That(DataFolderFault.Denied("/srv/pdp", mode, "pdp"), Is.EqualTo($"{text}, or name another folder (`--data`)"));

    [Test]
    public void A_check_tells_of_a_data_folder_that_cannot_be_written_and_of_a_certificate_that_has_ended()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("a folder in which nobody can write is one of Linux");
        (_, int exitCode, string text) = Parse(["--data", "/proc/none", "--check-config"]);
        Assert.That((exitCode, text), Is.EqualTo((1, text)));
        Assert.That(text, Does.Match("(?m)^error: --data: nothing can be written in `/proc/none`: "));

        var data = new DataFolder(_folder["data"]);
        DevelopmentCredentials.Prepare(data, TimeProvider.System.GetUtcNow());
        var time = new ManualTime();
        Assert.That(CheckedData.FaultsOf(data.Path, time), Is.Empty);
        time.Advance(TimeSpan.FromDays(10_000));
        Assert.That(CheckedData.FaultsOf(data.Path, time).Single(), Does.StartWith("--data: the server's certificate ended at ").And.EndWith(", and no caller accepts it"));
        Assert.That(Directory.EnumerateFiles(data.Path), Is.Empty, "what was tried is gone");
    }

    [Test]
    public void The_roles_of_the_data_folder_are_looked_at_unless_an_option_names_others()
    {
        string bad = _folder.Write("data/roles.json", """{ "roles": [ { "match": "spiffe://a.example/x", "role": "king" } ] }""");
        string good = _folder.Write("good.json", """{ "roles": [ { "match": "spiffe://a.example/{name}", "role": "device" } ] }""");
        Assert.That(Parse(["--data", _folder["data"], "--check-config"]).Text, Does.StartWith($"error: --data: {bad}:1:57: expected device"));
        Assert.That(Parse(["--data", _folder["data"], "--roles", good, "--check-config"]).Text, Does.Not.Contain("error"));
    }

    [Test]
    public void Roles_that_were_in_the_data_folder_and_are_missing_are_told()
    {
        _folder.Write("data/roles-required", "");
        string good = _folder.Write("good.json", """{ "roles": [ { "match": "spiffe://a.example/{name}", "role": "device" } ] }""");
        (_, int exitCode, string text) = Parse(["--data", _folder["data"], "--check-config"]);
        Assert.That((exitCode, text), Is.EqualTo((1, text)));
        Assert.That(text, Does.StartWith($"error: --data: the roles file {_folder["data/roles.json"]} is missing, and there was one before: "));
        Assert.That(Parse(["--data", _folder["data"], "--roles", good, "--check-config"]).Text, Does.Not.Contain("error"));
        Directory.CreateDirectory(_folder["data/roles.json"]);
        Assert.That(Parse(["--data", _folder["data"], "--check-config"]).Text, Does.Contain("it is a folder, and a file is expected"));
    }

    [Test]
    public void So_are_those_of_the_usual_data_folder_where_no_option_names_one()
    {
        string bad = _folder.Write(".policym2m/roles.json", """{ "roles": [ { "match": "spiffe://a.example/x", "role": "king" } ] }""");
        FinishedProcess check = FinishedProcess.Run("dotnet", [typeof(PdpOptions).Assembly.Location, "--check-config"], Path.GetDirectoryName(Path.GetDirectoryName(bad)));
        Assert.That((check.ExitCode, check.Error), Is.EqualTo((1, check.Error)));
        Assert.That(check.Error, Does.StartWith($"error: --data: {bad}:1:57: expected device"));
    }

    [Test]
    public void What_would_be_used_is_told_with_its_place_and_without_passwords()
    {
        WriteConfig("git: https://hunter2@git.example/fleet.git\npoll: 7\n");

        (PdpOptions? options, int exitCode, string text) = Parse(["--check-config", "--ref", "release", "--tls12"], ("POLICYM2M_PDP_CONFIG", Config), ("POLICYM2M_PDP_DRAIN", "9"));

        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 0)));
        string place = System.Text.RegularExpressions.Regex.Escape(Config);
        Assert.That(text, Does.Match($@"(?m)^git +https://\*\*\*@git\.example/fleet\.git +{place}:1:6$").And.Match(@"(?m)^ref +release +command line$")
            .And.Match(@"(?m)^tls12 +true +command line$").And.Match(@"(?m)^drain +9 +POLICYM2M_PDP_DRAIN$")
            .And.Match(@"(?m)^listen +127\.0\.0\.1:8443 +default$").And.Match(@"(?m)^rollout +direct +default$").And.Match(@"(?m)^registry-db +sqlite: and registry\.db in the data folder +default$")
            .And.Match(@"(?m)^bundle-validity +7d +default$").And.Match(@"(?m)^fetch +30 +default$").And.Not.Contain("hunter2"));
    }

    [TestCase("direct", null)]
    [TestCase("shadow", "shadow")]
    [TestCase("canary:10", "canary:10")]
    public void Each_way_in_for_commits_can_be_said(string said, string? means)
    {
        (PdpOptions? options, _, string text) = Parse(["--rollout", said]);
        Assert.That(options, Is.Not.Null, text);
        Assert.That(options.Rollout, Is.EqualTo(means is null ? null : RolloutStage.Parse(means)));
    }

    [Test]
    public void A_configuration_that_is_named_twice_is_a_fault() => Assert.That(Parse(["--config", "a", "--config", "b"]).Text, Does.StartWith("error: Option '--config' expects a single argument"));

    [TestCase("--config", "nowhere", "error: --config: there is no file `nowhere`\n")]
    [TestCase("--config", "/", "error: --config: `/` is a folder, and no file\n")]
    [TestCase("--trust", "nodomain", "error: --trust: `nodomain` is not DOMAIN=FILE, such as plant-7.example=/etc/pdp/plant-7.pem\n")]
    public void A_fault_is_told_once(string option, string value, string told) =>
        Assert.That(Parse([$"{option}={value}"]).Text, Is.EqualTo(told + "`--help` lists the options.\n"));

    [Test]
    public void The_page_of_options_is_that_of_the_options()
    {
        string path = Path.Combine(ProjectFolder.Of(typeof(ConfigurationTests).Assembly), "../../docs/configuration.md");
        string page = File.ReadAllText(path);
        int begin = page.IndexOf("| option |", StringComparison.Ordinal), end = page.IndexOf("\n\n", begin, StringComparison.Ordinal) + 1;
        string table = OptionTable.Markdown(CommandLine.Describe());
        if (Environment.GetEnvironmentVariable(Snapshot.AcceptVariable) == "1" && Environment.GetEnvironmentVariable("CI") != "true")
            File.WriteAllText(path, page[..begin] + table + page[end..]);
        else
            Assert.That(page[begin..end], Is.EqualTo(table), $"run this test with {Snapshot.AcceptVariable}=1 to write the table anew");
    }

    private string Crl(string name)
    {
        using var authority = TestAuthority.Root("test");
        authority.WriteCrl(_folder[name]);
        return _folder[name];
    }

    private void WriteConfig(string yaml) => File.WriteAllText(Config, yaml);

    private static (PdpOptions? Options, int ExitCode, string Text) Parse(string[] args, params (string Name, string Value)[] environment)
    {
        var text = new StringWriter();
        PdpOptions? options = CommandLine.Parse(args, text, text, out int exitCode, environment.ToDictionary(variable => variable.Name, variable => variable.Value));
        return (options, exitCode, text.ToString());
    }
}
