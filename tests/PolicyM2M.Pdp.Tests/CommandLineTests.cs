using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store.Remotes;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The command line.</summary>
[TestFixture]
public sealed class CommandLineTests
{
    [Test]
    public void Without_options_policies_of_the_repository_around_the_current_folder_is_served_at_HEAD()
    {
        (PdpOptions? options, int exitCode, string text) = Parse();

        Assert.That((exitCode, text), Is.EqualTo((0, "")));
        Assert.That(options, Is.EqualTo(new PdpOptions(".", "HEAD", "policies", new(System.Net.IPAddress.Loopback, 8443), null, TimeSpan.FromSeconds(2))));
    }

    [Test]
    public void Every_option_is_taken()
    {
        using var folder = new TemporaryFolder();
        string file = folder["file"];
        File.WriteAllText(file, "Host=db.example");
        string signers = folder.Write("signers", "security@plant.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"), secret = folder.Write("secret", new string('x', 16));
        PdpOptions? options = Parse("--git", "/srv/p.git", "--ref", "release", "--path", ".", "--listen", "0.0.0.0:9", "--data", "/var/pdp", "--poll", "0.5", "--accept", "0123456789AB", "--tls12",
            "--allowed-signers", signers, "--require-signed", "--fetch", "60", "--git-key", file, "--git-known-hosts", file, "--git-ca", file, "--git-token", file,
            "--webhook", "127.0.0.1:9000", "--webhook-secret", secret, "--registry-db", $"postgres-file:{file}", "--registry-grace", "3").Options;

        Assert.That(options, Is.EqualTo(new PdpOptions("/srv/p.git", "release", ".", new(System.Net.IPAddress.Any, 9), "/var/pdp", TimeSpan.FromSeconds(0.5), AllowTls12: true, Accept: "0123456789ab")
        {
            AllowedSigners = signers,
            RequireSigned = true,
            Fetch = TimeSpan.FromSeconds(60),
            Access = new RemoteAccess(file, file, file, file),
            Webhook = new(System.Net.IPAddress.Loopback, 9000),
            WebhookSecret = secret,
            RegistryDb = $"postgres-file:{file}",
            RegistryGrace = TimeSpan.FromSeconds(3),
        }));
    }

    [TestCase("127.0.0.1:0", "127.0.0.1:0")]
    [TestCase("localhost:8443", "127.0.0.1:8443")]
    [TestCase("[::1]:8443", "[::1]:8443")]
    public void An_address_may_be_written_in_each_usual_way(string text, string expected) =>
        Assert.That(Parse("--listen", text).Options!.Listen.ToString(), Is.EqualTo(expected));

    [Test]
    public void Every_option_about_callers_is_taken()
    {
        using var folder = new TemporaryFolder();
        string roles = folder["r.json"], first = folder["a"], second = folder["x=b"];
        using var authority = TestAuthority.Root("test");
        File.WriteAllText(roles, """{ "roles": [] }""");
        foreach (string file in new[] { first, second })
            File.WriteAllText(file, authority.Pem);
        string crl = folder["a.crl"], other = folder["b.crl"];
        authority.WriteCrl(crl);
        File.Copy(crl, other);
        CallerOptions callers = Parse("--roles", roles, "--trust", $"a.example={first}", "--trust", $"b.example={second}", "--crl", crl, "--crl", other, "--crl-expired", "accept",
            "--rate", "7", "--calls", "8", "--streams", "9", "--connections", "10").Options!.Callers;

        Assert.That(callers.Trust, Is.EqualTo(new[] { ("a.example", first), ("b.example", second) }));
        Assert.That(callers.Crls, Is.EqualTo(new[] { crl, other }));
        Assert.That((callers.Roles, callers.AcceptsExpiredCrls), Is.EqualTo((roles, true)));
        Assert.That(callers.Limits, Is.EqualTo(new CallLimits { Rate = 7, Calls = 8, Streams = 9, Connections = 10 }));
    }

    [TestCase("--rate", "0")]
    [TestCase("--rate", "-1")]
    [TestCase("--calls", "1000001")]
    [TestCase("--streams", "many")]
    [TestCase("--connections", "")]
    [TestCase("--crl-expired", "yes")]
    [TestCase("--trust", "a.example")]
    [TestCase("--trust", "A=x.pem")]
    [TestCase("--trust", "a/b=x.pem")]
    [TestCase("--trust", "a=")]
    [TestCase("--listen", "8443")]
    [TestCase("--listen", "127.0.0.1")]
    [TestCase("--listen", "127.0.0.1:")]
    [TestCase("--listen", ":8443")]
    [TestCase("--listen", "127.0.0.1:65536")]
    [TestCase("--listen", "127.0.0.1:-1")]
    [TestCase("--listen", "::1:8443")]
    [TestCase("--listen", "[127.0.0.1]:8443")]
    [TestCase("--listen", "pdp.example:8443")]
    [TestCase("--accept", "HEAD")]
    [TestCase("--accept", "0123456789a")]
    [TestCase("--poll", "0")]
    [TestCase("--poll", "-1")]
    [TestCase("--poll", "often")]
    [TestCase("--poll", "3601")]
    [TestCase("--fetch", "0")]
    [TestCase("--fetch", "often")]
    [TestCase("--webhook", "9000")]
    [TestCase("--registry-grace", "0")]
    [TestCase("--registry-grace", "86401")]
    public void A_value_that_means_nothing_is_refused_by_name(string option, string value)
    {
        (PdpOptions? options, int exitCode, string text) = Parse(option, value);

        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 1)));
        Assert.That(text, Does.StartWith($"error: {option}: `{value}` is not"));
    }

    [TestCase("postgres:Host=db;Password=hunter2")]
    [TestCase("postgres-file:")]
    [TestCase("registry.db")]
    [TestCase("")]
    public void Where_the_registry_is_has_one_of_three_forms_and_what_was_written_is_not_repeated(string value)
    {
        (PdpOptions? options, int exitCode, string text) = Parse("--registry-db", value);

        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 1)));
        Assert.That(text, Does.StartWith("error: --registry-db: expected sqlite:PATH, postgres-file:FILE or postgres-env:NAME").And.Not.Contain("hunter2"));
    }

    [Test]
    public void Every_fault_is_named_in_one_run()
    {
        (PdpOptions? options, int exitCode, string text) = Parse("--listen", "here", "--poll", "often", "--prot", "9");

        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 1)));
        Assert.That(text, Does.Contain("`here`").And.Contain("`often`").And.Contain("--prot"));
    }

    [Test]
    public void The_help_lists_the_options_with_examples()
    {
        (PdpOptions? options, int exitCode, string text) = Parse("--help");

        Assert.That((options, exitCode), Is.EqualTo(((PdpOptions?)null, 0)));
        Assert.That(text, Does.Contain("--git").And.Contain("--ref").And.Contain("--path").And.Contain("--listen").And.Contain("--data").And.Contain("--poll").And.Contain("--fetch").And.Contain("--require-signed").And.Contain("--webhook")
            .And.Contain("Examples:").And.Contain("dotnet run --project pdp-server/PolicyM2M.Pdp").And.Not.Contain("00:00:"));
    }

    private static (PdpOptions? Options, int ExitCode, string Text) Parse(params string[] args)
    {
        var text = new StringWriter();
        PdpOptions? options = CommandLine.Parse(args, text, text, out int exitCode);
        return (options, exitCode, text.ToString());
    }
}
