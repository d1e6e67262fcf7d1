using PolicyM2M.Emitters.Planning;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>
/// The file that OPENSSL_CONF names (config(5), SSL_CONF_cmd(3)). A list that OpenSSL does not accept as a whole is passed over without a word in the section for all contexts, so
/// that only names get in that the release knows.
/// </summary>
internal static class OpenSslConfig
{
    /// <summary>What the file is called.</summary>
    public const string FileName = "openssl.cnf";

    /// <summary>The section that a program names to have all of it: SSL_CTX_config(3).</summary>
    public const string Section = "policym2m";

    /// <summary>A file whose settings hold for every context of the process, and those of the named section for a context that asks for it.</summary>
    /// <param name="channel">The commands for all contexts.</param>
    /// <param name="named">The commands that only a named section may hold; null where there is to be none.</param>
    public static string Write(IReadOnlyList<string> channel, IReadOnlyList<string>? named)
    {
        var lines = new Lines();
        lines.Add($"# {Lines.Origin}").Add("openssl_conf = policym2m_library").Add("")
            .Add("[policym2m_library]").Add("ssl_conf = policym2m_contexts").Add("")
            .Add("[policym2m_contexts]").Add("system_default = policym2m_all").AddIf(named is not null, $"{Section} = policym2m_named").Add("")
            .Add("[policym2m_all]");
        foreach (string line in channel)
            lines.Add(line);
        if (named is null)
            return lines.ToString();
        lines.Add("").Add("[policym2m_named]");
        foreach (string line in channel.Concat(named))
            lines.Add(line);
        return lines.ToString();
    }

    /// <summary>The commands for a plan.</summary>
    public static List<string> Channel(ChannelPlan plan, EmitterOptions options)
    {
        bool dtls = options.Transport == ChannelTransport.Dtls, server = options.Role == ChannelRole.Server;
        string protocol = dtls ? "DTLSv1" : "TLSv1";
        List<string> lines =
        [
            $"MinProtocol = {protocol}.{(plan.Tls12 ? 2 : 3)}",
            $"MaxProtocol = {protocol}.{(plan.Tls13 ? 3 : 2)}",
        ];
        if (plan.Tls12)
            lines.Add($"CipherString = {Lines.Join(plan.Suites12)}");
        if (plan.Tls13)
            lines.Add($"Ciphersuites = {Lines.Join(plan.Suites13)}");
        if (plan.Groups is { } groups)
            lines.Add($"Groups = {Lines.Join(groups)}");
        if (plan.Signatures is { } signatures)
        {
            lines.Add($"SignatureAlgorithms = {Lines.Join(signatures)}");
            lines.Add($"ClientSignatureAlgorithms = {Lines.Join(signatures)}");
        }
        string[] choices = [.. server ? ["ServerPreference"] : Array.Empty<string>(), .. plan.Sessions.Off ? ["-SessionTicket"] : Array.Empty<string>()];
        if (choices.Length > 0)
            lines.Add($"Options = {string.Join(',', choices)}");
        return lines;
    }

    /// <summary>
    /// The commands with which no handshake comes about: the lowest version is above the highest; and there is no suite, but one that encrypts nothing and needs a shared key, so that a program which sets versions
    /// of its own gets none either.
    /// </summary>
    public static List<string> Refusal(EmitterOptions options, string reason) =>
    [
        $"# denied: {Lines.Harmless(reason)}",
        .. options.Transport == ChannelTransport.Dtls ? new[] { "MinProtocol = DTLSv1.2", "MaxProtocol = DTLSv1" } : ["MinProtocol = TLSv1.3", "MaxProtocol = TLSv1.2"],
        "CipherString = PSK-NULL-SHA256",
        "Ciphersuites =",
    ];
}
