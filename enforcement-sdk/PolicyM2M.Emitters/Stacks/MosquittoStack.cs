using System.Collections.Immutable;
using PolicyM2M.Emitters.Planning;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>
/// Mosquitto 2.0. It has no options for the highest version, groups and schemes, and for a bridge none for suites either: those are in the file that OPENSSL_CONF names. A listener resumes sessions
/// whatever it is told, and they end when the broker does.
/// </summary>
internal sealed class MosquittoStack : IStack
{
    private const string ListenerName = "policym2m-listener.conf", BridgeName = "policym2m-bridge.conf";

    public StackAbility Ability(EmitterOptions options) => new($"mosquitto with {OpenSslStack.NameOf(options.OpenSsl)}", OpenSslStack.DialectOf(options.OpenSsl))
    {
        FiniteFields = true,
        BindsKeys = true,
        EndsByRestart = true,
        // X509_V_FLAG_CRL_CHECK without the flag for the whole chain (net.c); a bridge has no option for lists.
        Revocation = options.Role == ChannelRole.Server ? RevocationReach.Leaf : RevocationReach.None,
        OneVersion = options.Role == ChannelRole.Client,
        Sessions = options.Role == ChannelRole.Server ? SessionControl.EndsWithProcess : SessionControl.Never,
        KeepsGroupOrder = options.Role == ChannelRole.Client,
    };

    public ImmutableArray<string> FileNames(EmitterOptions options) => [options.Role == ChannelRole.Server ? ListenerName : BridgeName, OpenSslConfig.FileName, RestartFile.FileName];

    public ImmutableArray<EmittedFile> Emit(ChannelPlan plan, EmitterOptions options)
    {
        EmittedFile own = options.Role == ChannelRole.Server ? Listener(plan, options) : Bridge(plan, options), library = Library(OpenSslConfig.Channel(plan, options));
        // Whatever of a listener's sessions or of connections must end first.
        long? sessions = options.Role == ChannelRole.Server ? plan.Sessions.Seconds : null;
        return (sessions < plan.LongestConnection ? sessions : plan.LongestConnection ?? sessions) is { } seconds ? [own, library, RestartFile.Of("mosquitto", seconds)] : [own, library];
    }

    public ImmutableArray<EmittedFile> Refuse(EmitterOptions options, string reason)
    {
        Lines lines = new Lines().Add($"# {Lines.Origin}").Add($"# denied: {Lines.Harmless(reason)}");
        if (options.Role == ChannelRole.Client)
            return [BridgeFile(lines.Add("# There is no bridge."))];
        // A listener for pre-shared keys that knows none and has no certificate: no handshake comes about, with or without the other file.
        return [ListenerFile(lines.Add(ListenerLine(options)).Add("psk_hint denied").Add("tls_version tlsv1.3")), Library(OpenSslConfig.Refusal(options, reason))];
    }

    private static EmittedFile Listener(ChannelPlan plan, EmitterOptions options)
    {
        Lines lines = new Lines().Add($"# {Lines.Origin}").Add(ListenerLine(options))
            .Add($"tls_version {(plan.Tls12 ? "tlsv1.2" : "tlsv1.3")}")
            .AddIf(plan.Tls12, $"ciphers {Lines.Join(plan.Suites12)}").AddIf(plan.Tls13, $"ciphers_tls1.3 {Lines.Join(plan.Suites13)}")
            .Add($"certfile {options.Certificate}").Add($"keyfile {options.Key}");
        if (plan.Mutual)
        {
            lines.Add($"cafile {options.Authorities}").Add("require_certificate true");
            lines.AddIf(options.RevocationLists is not null, $"crlfile {options.RevocationLists}");
        }
        return ListenerFile(lines);
    }

    private static EmittedFile Bridge(ChannelPlan plan, EmitterOptions options)
    {
        Lines lines = new Lines().Add($"# {Lines.Origin}").Add("connection policym2m").Add($"address {options.Peer}:{options.Port}")
            .Add($"bridge_tls_version {(plan.Tls13 ? "tlsv1.3" : "tlsv1.2")}").Add($"bridge_cafile {options.Authorities}").Add("bridge_insecure false");
        if (options.Certificate is not null)
            lines.Add($"bridge_certfile {options.Certificate}").Add($"bridge_keyfile {options.Key}");
        return BridgeFile(lines);
    }

    private static string ListenerLine(EmitterOptions options) => options.Address is null ? $"listener {options.Port}" : $"listener {options.Port} {options.Address}";

    private static EmittedFile Library(List<string> channel) => new(OpenSslConfig.FileName, OpenSslConfig.Write(channel, named: null),
        "name it in the environment of mosquitto as OPENSSL_CONF and restart the broker: without it versions and groups are not held. It holds for every listener and bridge of the process");

    private static EmittedFile ListenerFile(Lines lines) => new(ListenerName, lines.ToString(), "put it into the folder of `include_dir`, and restart the broker: SIGHUP reloads no listener");

    private static EmittedFile BridgeFile(Lines lines) => new(BridgeName, lines.ToString(),
        "append the bridge's `topic` lines to it, which must be in the same file, put it into the folder of `include_dir`, and restart the broker");
}
