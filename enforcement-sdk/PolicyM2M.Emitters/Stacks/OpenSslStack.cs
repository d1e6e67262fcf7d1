using System.Collections.Immutable;
using PolicyM2M.Emitters.Names;
using PolicyM2M.Emitters.Planning;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>
/// A program on OpenSSL. Versions, suites, groups, schemes and certificates are in the configuration file; sessions, early data and revocation lists are not to be had there, so that a
/// C header has them, with one function for a program to call.
/// </summary>
internal sealed class OpenSslStack : IStack
{
    private const string HeaderName = "policym2m_openssl.h";

    public static Dialect DialectOf(OpenSslRelease release) => release switch
    {
        OpenSslRelease.V30 => Dialect.OpenSsl30,
        OpenSslRelease.V35 => Dialect.OpenSsl35,
        _ => throw new ArgumentOutOfRangeException(nameof(release), release, "not a release of OpenSSL"),
    };

    public static string NameOf(OpenSslRelease release) => release == OpenSslRelease.V30 ? "OpenSSL 3.0" : "OpenSSL 3.5";

    public StackAbility Ability(EmitterOptions options) => new(NameOf(options.OpenSsl), DialectOf(options.OpenSsl))
    {
        Dtls = true,
        FiniteFields = true,
        BindsKeys = true,
        Revocation = RevocationReach.Chain,
        LimitsTls12Sessions = options.Role == ChannelRole.Server,
        KeepsGroupOrder = options.Role == ChannelRole.Client,
    };

    public ImmutableArray<string> FileNames(EmitterOptions options) => [OpenSslConfig.FileName, HeaderName];

    public ImmutableArray<EmittedFile> Emit(ChannelPlan plan, EmitterOptions options)
    {
        List<string> channel = OpenSslConfig.Channel(plan, options), named = [];
        if (options.Certificate is not null)
            named.AddRange([$"Certificate = {options.Certificate}", $"PrivateKey = {options.Key}"]);
        bool judges = options.Role == ChannelRole.Client || plan.Mutual;
        if (judges)
            named.Add($"VerifyCAFile = {options.Authorities}");
        if (options.Role == ChannelRole.Server && plan.Mutual)
            named.AddRange([$"RequestCAFile = {options.Authorities}", "VerifyMode = Require"]);
        if (options.Role == ChannelRole.Client)
            named.Add("VerifyMode = Peer");
        return [File(OpenSslConfig.Write(channel, named)), Header(Steps(plan.Sessions, judges ? options : new EmitterOptions()))];
    }

    public ImmutableArray<EmittedFile> Refuse(EmitterOptions options, string reason) =>
        [File(OpenSslConfig.Write(OpenSslConfig.Refusal(options, reason), [])), Header(["    (void)context;", "    return 0;"])];

    private static EmittedFile File(string text) => new(OpenSslConfig.FileName, text,
        $"name it in the environment of the program as OPENSSL_CONF; certificates hold for contexts that ask for the section `{OpenSslConfig.Section}`, as `policym2m_apply` does");

    /// <summary>The header.</summary>
    private static EmittedFile Header(IEnumerable<string> body)
    {
        var lines = new Lines();
        lines.Add($"/* {Lines.Origin} */")
            .Add("#ifndef POLICYM2M_OPENSSL_H").Add("#define POLICYM2M_OPENSSL_H").Add("")
            .Add("#include <openssl/ssl.h>").Add("#include <openssl/x509_vfy.h>").Add("")
            .Add("/* 1 where the context holds the whole decision; where it is 0, make no connection with it. To be called last: what a program sets after it counts instead."
                + " OPENSSL_CONF must name the file beside this one. */")
            .Add("static inline int policym2m_apply(SSL_CTX *context)").Add("{");
        foreach (string line in body)
            lines.Add(line);
        lines.Add("}").Add("").Add("#endif");
        return new EmittedFile(HeaderName, lines.ToString(),
            "call `policym2m_apply` for each SSL_CTX, last of all that is set; a client checks the name of its peer itself where none is given, and hands no session to SSL_set_session where none is resumed");
    }

    /// <summary>What the function of the header does; of the options it takes by what the other end is judged.</summary>
    private static List<string> Steps(SessionPlan sessions, EmitterOptions judging)
    {
        List<string> steps = [];
        Demand($"SSL_CTX_config(context, \"{OpenSslConfig.Section}\") != 1");
        Demand("SSL_CTX_set_max_early_data(context, 0) != 1");
        if (sessions.Off)
        {
            steps.AddRange(["    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);", "    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);"]);
            Demand("SSL_CTX_set_num_tickets(context, 0) != 1");
        }
        else if (sessions.Seconds is { } seconds)
            steps.Add($"    SSL_CTX_set_timeout(context, {seconds});");
        if (judging.RevocationLists is not null)
        {
            // VerifyCAFile makes a store of its own, beside the one that SSL_CTX_get_cert_store gives.
            steps.Add("    X509_STORE *store = NULL;");
            Demand("SSL_CTX_get0_verify_cert_store(context, &store) != 1 || store == NULL");
            Demand($"X509_STORE_load_file(store, \"{judging.RevocationLists}\") != 1");
            Demand("X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) != 1");
        }
        if (judging is { Role: ChannelRole.Client, Peer: { } peer })
            Demand($"X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(context), \"{peer}\", 0) != 1");
        steps.Add("    return 1;");
        return steps;

        void Demand(string failed) => steps.AddRange([$"    if ({failed})", "        return 0;"]);
    }
}
