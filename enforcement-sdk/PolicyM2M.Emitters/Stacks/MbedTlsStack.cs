using System.Collections.Immutable;
using PolicyM2M.Emitters.Names;
using PolicyM2M.Emitters.Planning;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>
/// Mbed TLS 4, also 3.6: a C header. The lists are code points, which every release takes; the function that sets them is there for releases whose calls it knows, and code that
/// uses it with an older one does not compile.
/// </summary>
internal sealed class MbedTlsStack : IStack
{
    private const string FileName = "policym2m_mbedtls.h";

    public StackAbility Ability(EmitterOptions options) => new("Mbed TLS 4", Dialect.MbedTls4) { Dtls = true, NamesFiles = false };

    public ImmutableArray<string> FileNames(EmitterOptions options) => [FileName];

    public ImmutableArray<EmittedFile> Emit(ChannelPlan plan, EmitterOptions options)
    {
        Lines lines = Begin();
        List(lines, "int", "policym2m_suites", [.. plan.Suites13, .. plan.Suites12], name => TlsRegistry.CipherSuites[name].CodePoint);
        if (plan.Groups is { } groups)
            List(lines, "uint16_t", "policym2m_groups", groups, name => TlsRegistry.Groups[name].CodePoint);
        if (plan.Signatures is { } signatures)
            List(lines, "uint16_t", "policym2m_signatures", signatures, name => TlsRegistry.SignatureSchemes[name].CodePoint);
        lines.Add("#if MBEDTLS_VERSION_NUMBER >= 0x03060000")
            .Add("/* Holds the decision in a configuration that mbedtls_ssl_config_defaults has set up. It neither enables a session cache nor tickets of a server: nobody else may either. */")
            .Add("static inline void policym2m_apply(mbedtls_ssl_config *config)").Add("{")
            .Add($"    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_{(plan.Tls12 ? 2 : 3)});")
            .Add($"    mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_{(plan.Tls13 ? 3 : 2)});")
            .Add("    mbedtls_ssl_conf_ciphersuites(config, policym2m_suites);")
            .AddIf(plan.Groups is not null, "    mbedtls_ssl_conf_groups(config, policym2m_groups);")
            .AddIf(plan.Signatures is not null, "    mbedtls_ssl_conf_sig_algs(config, policym2m_signatures);")
            .Add($"    mbedtls_ssl_conf_authmode(config, {(options.Role == ChannelRole.Client || plan.Mutual ? "MBEDTLS_SSL_VERIFY_REQUIRED" : "MBEDTLS_SSL_VERIFY_NONE")});");
        if (plan.Tls13)
            KeyExchange(lines, plan.Sessions.Off);
        if (plan.Sessions.Off)
            SessionsOff(lines, options.Role);
        lines.Add("#if defined(MBEDTLS_SSL_EARLY_DATA)").Add("    mbedtls_ssl_conf_early_data(config, MBEDTLS_SSL_EARLY_DATA_DISABLED);").Add("#endif")
            .Add("}").Add("#endif").Add("").Add("#endif");
        return [File(lines)];
    }

    public ImmutableArray<EmittedFile> Refuse(EmitterOptions options, string reason) =>
        [File(Begin().Add($"#error \"PolicyM2M: denied: {Lines.Harmless(reason)}\"").Add("").Add("#endif"))];

    /// <summary>All modes are the default, psk_ke too: a session is then resumed without any group (RFC 8446, 4.2.9).</summary>
    private static void KeyExchange(Lines lines, bool sessionsOff) => lines.Add("#if defined(MBEDTLS_SSL_PROTO_TLS1_3)")
        .Add($"    mbedtls_ssl_conf_tls13_key_exchange_modes(config, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_{(sessionsOff ? "EPHEMERAL" : "EPHEMERAL_ALL")});").Add("#endif");

    private static void SessionsOff(Lines lines, ChannelRole role)
    {
        string tickets = role == ChannelRole.Client
            ? "    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);"
            : "    mbedtls_ssl_conf_session_tickets_cb(config, NULL, NULL, NULL);";
        lines.Add($"#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined({(role == ChannelRole.Client ? "MBEDTLS_SSL_CLI_C" : "MBEDTLS_SSL_SRV_C")})").Add(tickets).Add("#endif");
        if (role == ChannelRole.Server)
            lines.Add("#if defined(MBEDTLS_SSL_SRV_C)").Add("    mbedtls_ssl_conf_session_cache(config, NULL, NULL, NULL);").Add("#endif");
    }

    private static Lines Begin() => new Lines().Add($"/* {Lines.Origin} */")
        .Add("#ifndef POLICYM2M_MBEDTLS_H").Add("#define POLICYM2M_MBEDTLS_H").Add("")
        .Add("#include <stdint.h>").Add("#include <mbedtls/ssl.h>").Add("#include <mbedtls/version.h>").Add("");

    private static void List(Lines lines, string type, string name, ImmutableArray<StackName> items, Func<string, ushort> codePoint)
    {
        lines.Add($"static const {type} {name}[] = {{");
        foreach (StackName item in items)
            lines.Add($"    0x{codePoint(item.Iana):X4}, /* {item.Iana} */");
        lines.Add($"    0").Add("};").Add("");
    }

    private static EmittedFile File(Lines lines) => new(FileName, lines.ToString(),
        "include it where the configuration is made, and call `policym2m_apply` after mbedtls_ssl_config_defaults; certificates are the program's");
}
