using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Engine;
using PolicyM2M.Pdp.Development;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What the first start makes, and what later starts leave alone.</summary>
[TestFixture]
public sealed class DevelopmentCredentialsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly Decider Policies = new(TestPolicies.Bundle);

    private static readonly string[] Names = ["ca", "server", "device", "gateway", "operator", "auditor"];

    private TemporaryFolder _folder = null!;
    private DataFolder _data = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        _data = new DataFolder(_folder["data"]);
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("server", "spiffe://dev.policym2m.example/pdp")]
    [TestCase("device", "spiffe://dev.policym2m.example/device/plc-0042")]
    [TestCase("gateway", "spiffe://dev.policym2m.example/gateway/gw-plant7")]
    [TestCase("operator", "spiffe://dev.policym2m.example/operator/dev")]
    public void Each_leaf_is_an_SVID_that_an_independent_verifier_accepts(string name, string expected)
    {
        DevelopmentCredentials.Prepare(_data, TimeProvider.System.GetUtcNow());

        using X509Certificate2 leaf = Load(name);
        Assert.That(X509Svid.TryRead(leaf, out SpiffeId? id, out string? fault), Is.True, fault);
        Assert.That(id!.ToString(), Is.EqualTo(expected));
        Assert.That(leaf.GetECDsaPrivateKey()!.ExportParameters(false).Curve.Oid.Value, Is.EqualTo("1.2.840.10045.3.1.7"), "P-256");
        FinishedProcess.Run(RequiredProgram.OpenSsl.Require(),
            ["verify", "-x509_strict", "-purpose", name == "server" ? "sslserver" : "sslclient", "-CAfile", _data.Certificate("ca"), _data.Certificate(name)]).Succeeded();
    }

    [Test]
    public void The_server_answers_to_this_machines_own_names()
    {
        DevelopmentCredentials.Prepare(_data, Now);

        using X509Certificate2 server = Load("server");
        Assert.That(new[] { "localhost", "127.0.0.1", "::1" }.Select(name => server.MatchesHostname(name, allowWildcards: false, allowCommonName: false)), Has.All.True);
        using X509Certificate2 device = Load("device");
        Assert.That(device.MatchesHostname("localhost", allowWildcards: false, allowCommonName: false), Is.False);
    }

    [Test]
    public void Nobody_but_the_owner_can_read_a_key()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("Windows has no file modes");
        DevelopmentCredentials made = DevelopmentCredentials.Prepare(_data, Now);
        DevelopmentData.Prepare(_data, made, Policies);

        using (var hold = new DataFolderHold(_data))
            hold.Take();
        Assert.That(Mode(_data.Path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        Assert.That(Mode(_data.Pki), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        Assert.That(Directory.EnumerateFiles(_data.Path, "*", SearchOption.AllDirectories).Select(Mode), Has.All.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(made.Made.Select(Path.GetFileName), Is.EquivalentTo(Names.SelectMany(name => new[] { $"{name}.pem", $"{name}-key.pem" })));
    }

    [Test]
    public void A_second_start_changes_nothing()
    {
        DevelopmentData.Prepare(_data, DevelopmentCredentials.Prepare(_data, Now), Policies);
        File.WriteAllText(_data.Registry, "mine");
        Dictionary<string, string> before = Contents();

        DevelopmentCredentials again = DevelopmentCredentials.Prepare(_data, Now.AddDays(30));
        DevelopmentData.Prepare(_data, again, Policies);

        Assert.That(again.Made, Is.Empty);
        Assert.That(Contents(), Is.EqualTo(before));
    }

    [Test]
    public void A_start_that_was_cut_short_is_finished_with_what_is_there()
    {
        foreach (string unfinished in new[] { "ca.pem", "server.pem", "device-key.pem device.pem" })
        {
            DevelopmentCredentials.Prepare(_data, Now);
            string authorityKey = File.ReadAllText(_data.Key("ca"));
            foreach (string file in unfinished.Split(' '))
                File.Delete(Path.Combine(_data.Pki, file));

            DevelopmentCredentials.Prepare(_data, Now);

            Assert.That(File.ReadAllText(_data.Key("ca")), Is.EqualTo(authorityKey), unfinished);
            Assert.That(TlsCredentials.Load(_data, new CallerOptions()).Id.Path, Is.EqualTo("/pdp"), unfinished);
            foreach (string name in Names)
                Load(name).Dispose();
        }
    }

    [Test]
    public void A_leaf_that_has_run_out_is_renewed_under_its_key()
    {
        DevelopmentCredentials.Prepare(_data, Now);
        string key = File.ReadAllText(_data.Key("device"));
        string authority = File.ReadAllText(_data.Certificate("ca"));

        DevelopmentCredentials later = DevelopmentCredentials.Prepare(_data, Now.AddDays(91));

        Assert.That(later.Made.Select(Path.GetFileName), Is.EquivalentTo(new[] { "server.pem", "device.pem", "gateway.pem", "operator.pem", "auditor.pem" }));
        using X509Certificate2 renewed = Load("device");
        Assert.That(new DateTimeOffset(renewed.NotAfter), Is.EqualTo(Now.AddDays(91 + 90)));
        Assert.That(File.ReadAllText(_data.Key("device")), Is.EqualTo(key));
        Assert.That(File.ReadAllText(_data.Certificate("ca")), Is.EqualTo(authority));
    }

    [Test]
    public void No_leaf_outlives_its_authority_and_an_authority_that_has_run_out_is_said()
    {
        DevelopmentCredentials.Prepare(_data, Now);
        DevelopmentCredentials.Prepare(_data, Now.AddDays(3_640));

        using X509Certificate2 leaf = Load("device"), authority = X509Certificate2.CreateFromPem(File.ReadAllText(_data.Certificate("ca")));
        Assert.That(leaf.NotAfter, Is.EqualTo(authority.NotAfter));
        StartupException? fault = Assert.Throws<StartupException>(() => DevelopmentCredentials.Prepare(_data, Now.AddDays(3_651)));
        Assert.That(fault!.Message, Does.Contain("has expired"));
    }

    [Test]
    public void Somebody_elses_authority_is_left_alone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 own = new CertificateRequest("CN=Our own CA", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now, Now.AddDays(1));
        PrivateFile.CreateFolder(_data.Path);
        PrivateFile.CreateFolder(_data.Pki);
        PrivateFile.Create(_data.Certificate("ca"), own.ExportCertificatePem());
        PrivateFile.Create(_data.Key("ca"), key.ExportPkcs8PrivateKeyPem());
        Dictionary<string, string> before = Contents();

        DevelopmentCredentials credentials = DevelopmentCredentials.Prepare(_data, Now);
        DevelopmentData.Prepare(_data, credentials, Policies);

        Assert.That(credentials.InUse, Is.False);
        Assert.That(Contents(), Is.EqualTo(before));
        Assert.That(Assert.Throws<StartupException>(() => TlsCredentials.Load(_data, new CallerOptions()))!.Message, Does.Contain("server.pem is missing"));
    }

    [Test]
    public void Whoever_brought_a_certificate_and_no_authority_gets_none_of_ours()
    {
        DevelopmentCredentials.Prepare(_data, Now);
        foreach (string file in Directory.GetFiles(_data.Pki).Where(file => !Path.GetFileName(file).StartsWith("server", StringComparison.Ordinal)))
            File.Delete(file);
        Assert.That(() => DevelopmentCredentials.Prepare(_data, Now), Throws.TypeOf<StartupException>().With.Message.Contains($"{_data.Certificate("ca")} is missing, and {_data.Certificate("server")} is there"));
        Assert.That(Directory.GetFiles(_data.Pki).Select(Path.GetFileName), Is.EquivalentTo(new[] { "server.pem", "server-key.pem" }));
    }

    [Test]
    public void A_key_that_is_no_key_is_said_and_not_overwritten()
    {
        DevelopmentCredentials.Prepare(_data, Now);
        File.WriteAllText(_data.Key("device"), "no key");
        File.Delete(_data.Certificate("device"));

        Assert.That(Assert.Throws<StartupException>(() => DevelopmentCredentials.Prepare(_data, Now))!.Message, Does.Contain(_data.Pki));
        Assert.That(File.ReadAllText(_data.Key("device")), Is.EqualTo("no key"));
    }

    [Test]
    public void A_folder_that_cannot_be_made_is_said()
    {
        var data = new DataFolder(Path.Combine(_folder.Write("file", ""), "data"));

        Assert.Throws<StartupException>(() => DevelopmentCredentials.Prepare(data, Now));
    }

    private X509Certificate2 Load(string name) => X509Certificate2.CreateFromPemFile(_data.Certificate(name), _data.Key(name));

    private Dictionary<string, string> Contents() =>
        Directory.EnumerateFiles(_data.Path, "*", SearchOption.AllDirectories).ToDictionary(path => path, File.ReadAllText);

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);
}
