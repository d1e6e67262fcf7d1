using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests;

/// <summary>
/// The header for Mbed TLS compiles. Debian 12 has 2.28, which knows the code points of TLS 1.2 but not the calls of release 4: the lists are held against it, and the function is not.
/// </summary>
internal sealed class MbedTlsTests
{
    private const string Program = """
        #include <stdio.h>
        #include "policym2m_mbedtls.h"
        int main(void)
        {
            mbedtls_ssl_config config;
            mbedtls_ssl_config_init(&config);
            mbedtls_ssl_conf_ciphersuites(&config, policym2m_suites);
            for (const int *suite = policym2m_suites; *suite != 0; suite++) {
                const mbedtls_ssl_ciphersuite_t *known = mbedtls_ssl_ciphersuite_from_id(*suite);
                printf("%04X %s\n", (unsigned)*suite, known == NULL ? "?" : mbedtls_ssl_get_ciphersuite_name(*suite));
            }
            printf("groups %zu, signatures %zu\n", sizeof policym2m_groups / sizeof *policym2m_groups, sizeof policym2m_signatures / sizeof *policym2m_signatures);
            return 0;
        }
        """;

    private static readonly EmitterOptions Options = new() { Role = ChannelRole.Client, Transport = ChannelTransport.Dtls };

    [Test]
    public void The_lists_compile_and_the_library_knows_the_suites()
    {
        FinishedProcess compiled = Compile(Emitter.Emit(StackKind.MbedTls, Options, Decisions.Of(["DTLS1.2"],
            ["TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
            ["secp256r1"], ["ecdsa_secp256r1_sha256"], noResumption: true)), out string output);

        Assert.That(compiled.ExitCode, Is.Zero, compiled.Error);
        Assert.That(output.Trim().Split('\n'), Is.EqualTo(new[]
        {
            "C0AE TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8", "C02B TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "CCA8 TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256", "groups 2, signatures 2",
        }));
    }

    [Test]
    public void A_denial_does_not_compile()
    {
        FinishedProcess compiled = Compile(Emitter.Emit(StackKind.MbedTls, Options, Decisions.Denied), out _);

        Assert.That(compiled.ExitCode, Is.Not.Zero);
        Assert.That(compiled.Error, Does.Contain("PolicyM2M: denied: quarantined  devices  get    no channel"));
    }

    [TestCase(true, "EPHEMERAL", ChannelRole.Client)]
    [TestCase(true, "EPHEMERAL", ChannelRole.Server)]
    [TestCase(false, "EPHEMERAL_ALL", ChannelRole.Client)]
    [TestCase(false, "EPHEMERAL_ALL", ChannelRole.Server)]
    public void No_session_of_TLS_13_is_resumed_without_a_group(bool noResumption, string modes, ChannelRole role)
    {
        EmittedConfiguration emitted = Emitter.Emit(StackKind.MbedTls, new EmitterOptions { Role = role }, Decisions.Of(["TLS1.3"], ["TLS_AES_128_GCM_SHA256"], ["x25519"], noResumption: noResumption));
        Assert.That(emitted.Files.Single().Text, Does.Contain($"    mbedtls_ssl_conf_tls13_key_exchange_modes(config, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_{modes});\n"));
    }

    private static FinishedProcess Compile(EmittedConfiguration configuration, out string output)
    {
        string gcc = new RequiredProgram("gcc", "gcc libc6-dev").Require();
        new RequiredProgram("ssl.h", "libmbedtls-dev").Require("/usr/include/mbedtls");
        using var folder = new TemporaryFolder();
        foreach (EmittedFile file in configuration.Files)
            folder.Write(file.Name, file.Text);
        string source = folder.Write("program.c", Program), program = folder["program"];
        FinishedProcess compiled = FinishedProcess.Run(gcc, ["-std=c11", "-Wall", "-Wextra", "-Werror", "-I", folder.Path, source, "-o", program, "-lmbedtls", "-lmbedx509", "-lmbedcrypto"]);
        output = compiled.ExitCode == 0 ? FinishedProcess.Run(program, []).Succeeded().Output : "";
        return compiled;
    }
}
