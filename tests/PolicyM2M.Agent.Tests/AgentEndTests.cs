using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests;

/// <summary>How an agent ends while its decision point takes the call and says nothing.</summary>
internal sealed class AgentEndTests
{
    [TestCase(0)]
    // Whoever asked once and got no answer must not be told that all is allowed.
    [TestCase(1, "--once")]
    public async Task A_signal_during_a_call_ends_the_agent_cleanly(int exitCode, params string[] more)
    {
        using var folder = new TemporaryFolder();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        WriteCredentials(folder);
        using RunningProcess agent = Start(folder, ["--pdp", $"https://{silent.LocalEndpoint}", .. more]);
        using TcpClient call = await silent.AcceptTcpClientAsync();
        Assert.That(await agent.TerminateAsync(), Is.EqualTo(exitCode), agent.Transcript);
        Assert.That(agent.Transcript, Does.Not.Contain("Unhandled").And.Not.Contain("   at "));
    }

    [Test]
    public async Task A_daemon_that_is_told_to_end_while_it_starts_ends_well()
    {
        using var machine = new Local.GatewayFolder();
        using var ending = new CancellationTokenSource();
        await ending.CancelAsync();
        AgentConfiguration configuration = ConfigurationFile.Read(machine.Configuration);
        Assert.That(await Daemon.RunAsync(configuration, TimeProvider.System, TextWriter.Null, ending.Token), Is.Zero);
    }

    [Test]
    public void An_agent_without_development_credentials_says_how_to_get_them()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["clone/.git"]);
        // What lies around the clone is another's.
        Directory.CreateDirectory(folder[".policym2m/pki"]);
        File.WriteAllText(folder[".policym2m/pki/device.pem"], "");
        FinishedProcess agent = FinishedProcess.Run(Dotnet, [Assembly, "--once"], folder["clone"]);
        Assert.That(agent.ExitCode, Is.EqualTo(1), agent.Error);
        Assert.That(agent.Error, Does.Contain("dotnet run --project pdp-server/PolicyM2M.Pdp"));
    }

    [TestCase("is not that of the certificate in", "--key", "other-key.pem")]
    [TestCase("--interval takes 1 to 86400 seconds", "--interval", "abc")]
    [TestCase("--interval takes 1 to 86400 seconds", "--interval", "99999999999")]
    public void What_cannot_be_used_is_said_in_words_and_not_by_a_stack(string expected, params string[] more)
    {
        using var folder = new TemporaryFolder();
        WriteCredentials(folder);
        using (var other = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            folder.Write("other-key.pem", other.ExportPkcs8PrivateKeyPem());
        FinishedProcess agent = FinishedProcess.Run(Dotnet, [Assembly, "--cert", "device.pem", .. more.Contains("--key") ? Array.Empty<string>() : ["--key", "device-key.pem"], "--ca", "device.pem", "--cache", "cache", "--once", .. more], folder.Path);
        Assert.That(agent.ExitCode, Is.EqualTo(1), agent.Error);
        Assert.That(agent.Error, Does.Contain(expected).And.Not.Contain("   at "));
    }

    [Test]
    public void An_agent_to_which_nobody_listens_says_so()
    {
        using var folder = new TemporaryFolder();
        WriteCredentials(folder);
        FinishedProcess agent = FinishedProcess.Run(Dotnet, [Assembly, "--cert", "device.pem", "--key", "device-key.pem", "--ca", "device.pem", "--cache", "cache", "--once", "--pdp", "https://127.0.0.1:1"], folder.Path);
        Assert.That(agent.ExitCode, Is.EqualTo(2));
        Assert.That(agent.Output, Does.Contain("disconnected: nobody listens on 127.0.0.1:1\n"));
        Assert.That(agent.Output.Split("nobody listens"), Has.Length.EqualTo(3), "once where it is found, once where it denies");
        Assert.That(agent.Output, Does.Contain("rotation: deny, nothing to go by, for the same reason"));
    }

    [TestCase("agent: --cert and --key go together", "--cert", "device.pem")]
    [TestCase("agent: --cert: there is no file `nowhere.pem`", "--cert", "nowhere.pem", "--key", "device-key.pem")]
    [TestCase("agent: --key: `.` is a folder", "--cert", "device.pem", "--key", ".")]
    [TestCase("agent: --ca: there is no file `nowhere.pem`", "--cert", "device.pem", "--key", "device-key.pem", "--ca", "nowhere.pem")]
    [TestCase("agent: --cache: `device.pem` is a file", "--cert", "device.pem", "--key", "device-key.pem", "--ca", "device.pem", "--cache", "device.pem")]
    [TestCase("agent: --context: `empty.json`: not JSON: it is empty", "--cert", "device.pem", "--key", "device-key.pem", "--ca", "device.pem", "--cache", "cache", "--context", "empty.json")]
    [TestCase("agent: --context: standard input: not JSON: it is empty", "--cert", "device.pem", "--key", "device-key.pem", "--ca", "device.pem", "--cache", "cache", "--context", "-")]
    [TestCase("agent: device-key.pem holds no certificate in PEM", "--cert", "device-key.pem", "--key", "device-key.pem", "--ca", "device.pem", "--cache", "cache")]
    [TestCase("agent: device.pem holds no unencrypted private key in PEM", "--cert", "device.pem", "--key", "device.pem", "--ca", "device.pem", "--cache", "cache")]
    [TestCase("agent: --pdp takes an address without more, such as https://h:1", "--pdp", "https://h:1/foo")]
    [TestCase("agent: Unrecognized command or argument '--nonsense'", "--nonsense")]
    public void What_is_wrong_with_an_option_is_one_line_that_names_it(string expected, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        WriteCredentials(folder);
        folder.Write("empty.json", "");
        FinishedProcess agent = FinishedProcess.Run(Dotnet, [Assembly, "--once", .. arguments], folder.Path, "");
        Assert.That((agent.ExitCode, agent.Output), Is.EqualTo((1, "")), agent.Error);
        Assert.That(agent.Error, Does.StartWith(expected).And.Match(@"\A[^\n]*\n\z"));
    }

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static string Assembly => typeof(AgentEndTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "AgentAssembly").Value!;

    private static RunningProcess Start(TemporaryFolder folder, string[] more) => RunningProcess.Start(Dotnet,
        [Assembly, "--cert", folder["device.pem"], "--key", folder["device-key.pem"], "--ca", folder["device.pem"], "--cache", folder["cache"], .. more], folder.Path);

    private static void WriteCredentials(TemporaryFolder folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://test.example/device/plc-1"));
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(12));
        folder.Write("device.pem", certificate.ExportCertificatePem());
        folder.Write("device-key.pem", key.ExportPkcs8PrivateKeyPem());
    }
}
