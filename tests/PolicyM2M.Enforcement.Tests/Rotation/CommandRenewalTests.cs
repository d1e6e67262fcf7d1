using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Enforcement.Rotation.Commands;
using PolicyM2M.Testing;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Real programs as a renewal: a shell, and OpenSSL as the authority.</summary>
[CancelAfter(120_000)]
internal sealed class CommandRenewalTests
{
    private readonly ManualTime _time = new();
    private readonly TemporaryFolder _folder = new();
    private TestIssuer _issuer = null!;

    [OneTimeSetUp]
    public void Begin() => _issuer = new TestIssuer(_time);

    [OneTimeTearDown]
    public void End()
    {
        _issuer.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task A_credential_is_renewed_by_OpenSSL()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        string key = _folder.Write("ca-key.pem", _issuer.Intermediate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()), certificate = _folder.Write("ca.pem", _issuer.Intermediate.ExportCertificatePem());
        string script = $"""
            test "$POLICYM2M_CREDENTIAL $POLICYM2M_CAUSE" = "mqtt due" || exit 1
            '{openssl}' pkey -in "$POLICYM2M_KEY" -noout && '{openssl}' x509 -in "$POLICYM2M_CURRENT_CERTIFICATE" -noout && '{openssl}' pkey -in "$POLICYM2M_CURRENT_KEY" -noout || exit 1
            printf 'extendedKeyUsage=clientAuth\n' >'{_folder["ext"]}'
            '{openssl}' x509 -req -in "$POLICYM2M_CSR" -CA '{certificate}' -CAkey '{key}' -days 30 -copy_extensions copy -extfile '{_folder["ext"]}' 2>/dev/null
            cat '{certificate}'
            """;
        var events = new List<RotationEvent>();
        using CredentialRotation rotation = Rotation(script, events);
        string first = rotation.State.Serving.Fingerprint;
        await rotation.TurnAsync();
        Assert.That(rotation.State.Serving.Fingerprint, Is.Not.EqualTo(first), string.Join('\n', events));
    }

    [TestCase("exit 75", "did not reach the issuer", true)]
    [TestCase("echo 'the line is down' >&2; exit 75", "did not reach the issuer: the line is down", true)]
    [TestCase("echo no >&2; echo more >&2; exit 3", "ended with the exit code 3: no", false)]
    [TestCase("exit 0", "printed no certificate in PEM", false)]
    [TestCase("echo 'nothing of the kind'", "printed no certificate in PEM", false)]
    [TestCase("echo '-----BEGIN CERTIFICATE-----'; echo '!!'; echo '-----END CERTIFICATE-----'", "printed no certificate in PEM", false)]
    [TestCase("while true; do echo yes yes yes yes yes yes yes yes yes yes yes yes yes yes; done", "printed more than 10000 bytes", false)]
    [TestCase("while true; do echo yes yes yes yes yes yes yes yes yes yes yes yes yes yes >&2; done", "printed more than 10000 bytes", false)]
    [TestCase("sleep 600", "took longer than", true)]
    [TestCase("sleep 600 & wait", "took longer than", true)]
    public async Task What_a_program_does_is_understood(string script, string reason, bool isUnreachable)
    {
        RenewalAnswer answer = await AskAsync(new CommandOptions { Program = "/bin/sh", Arguments = ["-c", script], OutputLimit = 10_000, TimeLimit = TimeSpan.FromSeconds(script.StartsWith("sleep", StringComparison.Ordinal) ? 1 : 60) });
        string said = answer is RenewalAnswer.Refused refused ? refused.Reason : ((RenewalAnswer.Unreachable)answer).Reason;
        Assert.That(said, Does.Contain(reason));
        Assert.That(answer is RenewalAnswer.Unreachable, Is.EqualTo(isUnreachable));
    }

    [Test]
    public async Task A_program_that_is_not_there_is_no_unreachable_issuer() =>
        Assert.That(await AskAsync(new CommandOptions { Program = _folder["none"] }), Is.InstanceOf<RenewalAnswer.Refused>().With.Property("Reason").Contains("cannot be started"));

    [Test]
    public async Task A_program_sees_nothing_of_our_environment_but_where_programs_are()
    {
        Environment.SetEnvironmentVariable("POLICYM2M_TEST_SECRET", "hunter2");
        try
        {
            await AskAsync(new CommandOptions { Program = "/bin/sh", Arguments = ["-c", $"env >'{_folder["env"]}'"] });
        }
        finally
        {
            Environment.SetEnvironmentVariable("POLICYM2M_TEST_SECRET", null);
        }
        string[] names = [.. File.ReadAllLines(_folder["env"]).Select(line => line.Split('=')[0])];
        Assert.That(names, Has.No.Member("POLICYM2M_TEST_SECRET").And.Member("PATH").And.Member("POLICYM2M_CSR"));
    }

    [Test]
    public async Task Cancelling_ends_the_program()
    {
        using var stop = new CancellationTokenSource();
        Task<RenewalAnswer> asked = AskAsync(new CommandOptions { Program = "/bin/sh", Arguments = ["-c", $"echo $$ >'{_folder["pid"]}'; exec sleep 600"] }, stop.Token);
        while (!File.Exists(_folder["pid"]) || File.ReadAllText(_folder["pid"]).Length == 0)
            await Task.Delay(20);
        int pid = int.Parse(File.ReadAllText(_folder["pid"]));
        await stop.CancelAsync();
        Assert.That(async () => await asked, Throws.InstanceOf<OperationCanceledException>());
        while (Directory.Exists($"/proc/{pid}") && !File.ReadAllText($"/proc/{pid}/status").Contains("State:\tZ", StringComparison.Ordinal))
            await Task.Delay(20, TestContext.CurrentContext.CancellationToken);
    }

    private CredentialRotation Rotation(string script, List<RotationEvent> events)
    {
        (string certificate, string key) = _issuer.IssueDevice("plc-1", TimeSpan.FromSeconds(90));
        return CredentialRotation.Open(new RotationOptions
        {
            Name = "mqtt",
            Device = "plc-1",
            Folder = _folder["mqtt"],
            CertificatePath = certificate,
            KeyPath = key,
            TrustPath = _issuer.TrustPath,
            Decide = (_, _) => ValueTask.FromResult(Outcomes.Of("renew-at 1/2  spread 0%  rekey required")),
            Renewal = new CommandRenewal(new CommandOptions { Program = "/bin/sh", Arguments = ["-c", script] }),
            OnEvent = events.Add,
            // What OpenSSL issues begins by the machine's clock.
            Time = TimeProvider.System,
        });
    }

    private async Task<RenewalAnswer> AskAsync(CommandOptions options, CancellationToken cancellation = default)
    {
        (string certificate, string key) = _issuer.IssueDevice("plc-2", TimeSpan.FromDays(30));
        using X509Certificate2 current = CredentialFolder.Open(certificate, key);
        return await new CommandRenewal(options).RenewAsync(new RenewalRequest("mqtt", current, certificate, key, SigningRequest.Create(current, PrivateKey.Of(current)), "request.csr", key, RotationCause.Due), cancellation);
    }
}
