using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Emitters;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Applying;

/// <summary>.NET has no setting for groups. A program of .NET that finds the emitted file in OPENSSL_CONF offers the decided ones and no others, as the pages say; shown by the agent itself, and by what a real server of OpenSSL hears of it.</summary>
internal sealed class OwnGroupsTests
{
    [TestCase("secp384r1", "secp384r1 (P-384)")]
    [TestCase("secp521r1, secp256r1", "secp521r1 (P-521)", "secp256r1 (P-256)")]
    public async Task The_emitted_file_in_the_environment_holds_the_groups_of_a_program_of_dotnet(string decided, params string[] offered)
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var folder = new TemporaryFolder();
        using TestAuthority authority = TestAuthority.Root("groups");
        using X509Certificate2 device = authority.Issue(uris: ["spiffe://test.example/device/plc-1"]);
        folder.Write("ca.pem", authority.Pem);
        folder.Write("device.pem", device.ExportCertificatePem());
        folder.Write("key.pem", device.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(folder["key.pem"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        EmittedConfiguration emitted = Emitter.Emit(StackKind.OpenSsl, new EmitterOptions { Role = ChannelRole.Client, Certificate = folder["device.pem"], Key = folder["key.pem"], Authorities = folder["ca.pem"] },
            TestOutcomes.CipherSuites($"versions TLS1.3; suites TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384; groups {decided}"));
        folder.Write("openssl.cnf", emitted.Files.Single(file => file.Name == "openssl.cnf").Text);

        using RunningProcess server = RunningProcess.Start(openssl,
            ["s_server", "-accept", "127.0.0.1:0", "-www", "-trace", "-cert", folder["device.pem"], "-key", folder["key.pem"]], folder.Path, [new("OPENSSL_CONF", "/dev/null")]);
        string line = await server.NextLineAsync(text => text.StartsWith("ACCEPT ", StringComparison.Ordinal), "port");
        // It does not take this server for a decision point; by then it has said what it offers.
        FinishedProcess.Run(ProgramStart.Ordinary.Program,
            [.. ProgramStart.Ordinary.Arguments, "--pdp", $"https://127.0.0.1:{line[(line.LastIndexOf(':') + 1)..]}", "--cert", folder["device.pem"], "--key", folder["key.pem"], "--ca", folder["ca.pem"], "--cache", folder["cache"], "--once"],
            environment: [new("OPENSSL_CONF", folder["openssl.cnf"])]);

        await server.NextLineAsync(text => text.Contains("extension_type=supported_groups", StringComparison.Ordinal), "offered groups");
        var heard = new List<string>();
        await server.NextLineAsync(text =>
        {
            bool isNext = text.Contains("extension_type=", StringComparison.Ordinal);
            if (!isNext)
                heard.Add(text.Trim()[..text.Trim().LastIndexOf(' ')]);
            return isNext;
        }, "next extension");
        Assert.That(heard, Is.EqualTo(offered));
    }
}
