using System.Text.Json;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary>The shipped policies, as they decide at one moment, as configurations.</summary>
[TestFixture]
public sealed class EmitTests
{
    private static readonly string Policies = Path.Combine(ProjectFolder.RepositoryRootOf(typeof(EmitTests).Assembly), "policies");

    [Test]
    public void A_configuration_for_people() => Snapshot.Match(M2M.Transcript(Emit("plc-active", "nginx")));

    [Test]
    public void A_configuration_as_json()
    {
        FinishedProcess run = Emit("plc-active", "openssl", "--json");
        using var answer = JsonDocument.Parse(run.Output);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(answer.RootElement.GetProperty("fidelity").GetString(), Is.EqualTo("approximated"));
        Assert.That(answer.RootElement.GetProperty("losses").EnumerateArray().Select(loss => loss.GetProperty("kind").GetString()), Has.Some.EqualTo("unheld"), "what something else is said to hold");
        Assert.That(answer.RootElement.GetProperty("losses")[0].GetProperty("field").GetString(), Is.EqualTo("groups"));
        Assert.That(answer.RootElement.GetProperty("files")[0].GetProperty("text").GetString(), Does.Contain("\nMinProtocol = TLSv1.3\n").And.Contain("\nVerifyMode = Require\n"));
    }

    [Test]
    public void Files_are_written_into_a_folder()
    {
        using var folder = new TemporaryFolder();
        FinishedProcess run = Emit("plc-active", "openssl", "--out", folder.Path);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Directory.GetFiles(folder.Path).Select(Path.GetFileName), Is.EquivalentTo(new[] { "openssl.cnf", "policym2m_openssl.h" }));
        Assert.That(Emit("plc-active", "openssl", "--out", folder["nowhere"]).Error, Does.Contain("there is no folder"));
    }

    [Test]
    public void Nothing_is_written_through_a_link()
    {
        using var folder = new TemporaryFolder();
        string elsewhere = folder.Write("elsewhere", "somebody's work"), link = Path.Combine(Directory.CreateDirectory(folder["out"]).FullName, "openssl.cnf");
        File.CreateSymbolicLink(link, elsewhere);
        FinishedProcess run = Emit("plc-active", "openssl", "--out", folder["out"]);
        Assert.That((run.ExitCode, File.ReadAllText(elsewhere)), Is.EqualTo((1, "somebody's work")));
        Assert.That(run.Error, Does.Contain($"`{link}` is a link, and nothing is written through it"));
        Assert.That(Directory.GetFiles(folder["out"]), Has.Length.EqualTo(1), "one of its files alone is no configuration");
    }

    [Test]
    public void A_link_to_the_folder_itself_is_followed_since_who_calls_names_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["release"]);
        Directory.CreateSymbolicLink(folder["current"], "release");
        Assert.That(Emit("plc-active", "openssl", "--out", folder["current"]).ExitCode, Is.Zero);
        Assert.That(Directory.GetFiles(folder["release"]).Select(Path.GetFileName), Is.EquivalentTo(new[] { "openssl.cnf", "policym2m_openssl.h" }));
    }

    [Test]
    public void What_an_earlier_decision_left_there_and_a_denial_has_not_is_removed()
    {
        using var folder = new TemporaryFolder();
        string earlier = folder.Write("policym2m-lwm2m.json", "{}"), other = folder.Write("mine.json", "{}");
        FinishedProcess run = Emit("meter-quarantined", "lwm2m", "--role", "client", "--json", "--out", folder.Path);
        using var answer = JsonDocument.Parse(run.Output);
        Assert.That(answer.RootElement.GetProperty("removed").EnumerateArray().Select(file => file.GetString()), Is.EqualTo(new[] { earlier }));
        Assert.That((File.Exists(earlier), File.Exists(other)), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_denial_refuses_and_exits_with_2()
    {
        FinishedProcess run = Emit("meter-quarantined", "nginx");
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Output, Does.StartWith("nginx: exact, lets nobody through\n  cipher-suites denied: quarantined").And.Contain("\nssl_reject_handshake on;\n"));
    }

    [Test]
    public void What_a_stack_cannot_hold_lets_nobody_through_and_exits_with_2()
    {
        using var folder = new TemporaryFolder();
        FinishedProcess run = Emit("gateway-high-risk", "mosquitto", "--out", folder.Path);
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Output, Does.StartWith("mosquitto: infeasible, lets nobody through\n").And.Contain("unenforceable: resumption: "));
        Assert.That(File.ReadAllText(folder["policym2m-listener.conf"]), Does.Contain("\npsk_hint denied\n"));
        Assert.That(Emit("plc-active", "nginx", "--key-protection", "software").Output, Does.Contain("unenforceable: key-protection: nobody says that the key is kept better than in software"), "what nobody vouches for");
    }

    [TestCase("a server needs a certificate and its key", "--stack", "nginx")]
    [TestCase("Certificate is no plain name or path", "--stack", "nginx", "--certificate", "a;b", "--key", "k")]
    [TestCase("configures a client", "--stack", "lwm2m", "--role", "server")]
    [TestCase("`apache` is no value for --stack: expected one of openssl", "--stack", "apache")]
    public void What_it_cannot_do_without_is_said(string expected, params string[] arguments)
    {
        FinishedProcess run = M2M.Run(["emit", Policies, "--context", Context("plc-active"), .. arguments]);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.StartWith("m2m: ").And.Contain(expected));
    }

    private static FinishedProcess Emit(string context, string stack, params string[] more) => M2M.Run(["emit", Policies, "--context", Context(context), "--stack", stack,
        "--certificate", "/etc/tls/end.pem", "--key", "/etc/tls/end-key.pem", "--ca", "/etc/tls/ca.pem", "--crl", "/etc/tls/crl.pem",
        .. more.Contains("--key-protection") ? Array.Empty<string>() : ["--key-protection", "secure-element"], .. new[] { "attestation", "revocation-within", "reauthenticate" }.SelectMany(field => new[] { "--held-elsewhere", field }), "--now", "2026-11-23T12:00Z", .. more]);

    private static string Context(string name) => Path.Combine(Policies, "examples", $"{name}.json");
}
