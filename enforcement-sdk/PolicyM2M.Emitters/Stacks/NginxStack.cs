using System.Collections.Immutable;
using PolicyM2M.Emitters.Planning;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>nginx 1.19.4 or later (ngx_http_ssl_module, ngx_http_proxy_module), which passes commands on to OpenSSL.</summary>
internal sealed class NginxStack : IStack
{
    private const string ServerName = "policym2m-nginx-server.conf", ClientName = "policym2m-nginx-proxy.conf";

    public StackAbility Ability(EmitterOptions options) => new($"nginx with {OpenSslStack.NameOf(options.OpenSsl)}", OpenSslStack.DialectOf(options.OpenSsl))
    {
        BindsKeys = true,
        EndsByRestart = true,
        Revocation = RevocationReach.Chain,
        LimitsTls12Sessions = options.Role == ChannelRole.Server,
        KeepsGroupOrder = options.Role == ChannelRole.Client,
    };

    public ImmutableArray<string> FileNames(EmitterOptions options) => [options.Role == ChannelRole.Server ? ServerName : ClientName, RestartFile.FileName];

    public ImmutableArray<EmittedFile> Emit(ChannelPlan plan, EmitterOptions options)
    {
        EmittedFile own = options.Role == ChannelRole.Server ? Server(plan, options) : Client(plan, options);
        return plan.LongestConnection is { } seconds ? [own, RestartFile.Of("nginx", seconds)] : [own];
    }

    public ImmutableArray<EmittedFile> Refuse(EmitterOptions options, string reason)
    {
        Lines lines = new Lines().Add($"# {Lines.Origin}").Add($"# denied: {Lines.Harmless(reason)}");
        return options.Role == ChannelRole.Server
            ? [ServerFile(lines.Add("ssl_reject_handshake on;"))]
            : [ClientFile(lines.Add("proxy_ssl_protocols TLSv1.3;").Add("proxy_ssl_conf_command MinProtocol TLSv1.3;").Add("proxy_ssl_conf_command MaxProtocol TLSv1.2;"))];
    }

    private static EmittedFile Server(ChannelPlan plan, EmitterOptions options)
    {
        Lines lines = Channel(plan, "");
        lines.Add("ssl_prefer_server_ciphers on;").Add("ssl_early_data off;");
        if (plan.Groups is { } groups)
            lines.Add($"ssl_ecdh_curve {Lines.Join(groups)};");
        lines.AddIf(plan.Sessions.Off, "ssl_session_cache off;").AddIf(plan.Sessions.Off, "ssl_session_tickets off;");
        if (plan.Sessions is { Off: false, Seconds: { } seconds })
            lines.Add($"ssl_session_timeout {seconds}s;");
        lines.Add($"ssl_certificate {options.Certificate};").Add($"ssl_certificate_key {options.Key};");
        if (plan.Mutual)
        {
            lines.Add($"ssl_client_certificate {options.Authorities};").Add("ssl_verify_client on;")
                // nginx answers whoever shows no certificate, or a revoked one, with a page: a site's own page for that must not let anybody in.
                .Add("if ($ssl_client_verify != SUCCESS) { return 444; }");
            lines.AddIf(options.RevocationLists is not null, $"ssl_crl {options.RevocationLists};");
        }
        else
            lines.Add("ssl_verify_client off;");
        return ServerFile(lines);
    }

    private static EmittedFile Client(ChannelPlan plan, EmitterOptions options)
    {
        Lines lines = Channel(plan, "proxy_");
        if (plan.Groups is { } groups)
            lines.Add($"proxy_ssl_conf_command Groups {Lines.Join(groups)};");
        lines.AddIf(plan.Sessions.Off, "proxy_ssl_session_reuse off;")
            .Add($"proxy_ssl_name {options.Peer};").Add("proxy_ssl_server_name on;").Add("proxy_ssl_verify on;")
            .Add($"proxy_ssl_trusted_certificate {options.Authorities};").AddIf(options.RevocationLists is not null, $"proxy_ssl_crl {options.RevocationLists};");
        if (options.Certificate is not null)
            lines.Add($"proxy_ssl_certificate {options.Certificate};").Add($"proxy_ssl_certificate_key {options.Key};");
        return ClientFile(lines);
    }

    private static Lines Channel(ChannelPlan plan, string prefix)
    {
        var lines = new Lines();
        string[] versions = [.. plan.Tls12 ? ["TLSv1.2"] : Array.Empty<string>(), .. plan.Tls13 ? ["TLSv1.3"] : Array.Empty<string>()];
        lines.Add($"# {Lines.Origin}").Add($"{prefix}ssl_protocols {string.Join(' ', versions)};")
            .Add($"{prefix}ssl_conf_command MinProtocol {versions[0]};").Add($"{prefix}ssl_conf_command MaxProtocol {versions[^1]};")
            .AddIf(plan.Tls12, $"{prefix}ssl_ciphers {Lines.Join(plan.Suites12)};")
            .AddIf(plan.Tls13, $"{prefix}ssl_conf_command Ciphersuites {Lines.Join(plan.Suites13)};");
        if (plan.Signatures is { } signatures)
        {
            lines.Add($"{prefix}ssl_conf_command SignatureAlgorithms {Lines.Join(signatures)};")
                .Add($"{prefix}ssl_conf_command ClientSignatureAlgorithms {Lines.Join(signatures)};");
        }
        return lines;
    }

    private static EmittedFile ServerFile(Lines lines) => new(ServerName, lines.ToString(),
        "include it in each `server` of the address and port; before it knows the name a client asks for, nginx follows the first of them, or the one marked `default_server`");

    private static EmittedFile ClientFile(Lines lines) => new(ClientName, lines.ToString(), "include it in the `location` that holds `proxy_pass https://…`");
}
