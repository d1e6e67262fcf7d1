using System.Text;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests;

/// <summary>What is emitted, as reviewed text.</summary>
internal sealed class EmissionTests
{
    private static readonly EmitterOptions Server = new()
    {
        Role = ChannelRole.Server,
        Certificate = "/etc/policym2m/server.pem",
        Key = "/etc/policym2m/server-key.pem",
        Authorities = "/etc/policym2m/ca.pem",
        RevocationLists = "/etc/policym2m/crl.pem",
    };

    private static readonly EmitterOptions Client = new()
    {
        Role = ChannelRole.Client,
        Certificate = "/etc/policym2m/device.pem",
        Key = "/etc/policym2m/device-key.pem",
        Authorities = "/etc/policym2m/ca.pem",
        Peer = "broker.plant-7.example",
    };

    private static readonly Outcome TwoVersions = Decisions.Of(["TLS1.2", "TLS1.3", "DTLS1.2", "DTLS1.3"],
        ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
        ["x25519", "secp256r1"], ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384"], noResumption: true);

    private static readonly Outcome Strict = Outcome.Allow(Engine.Vocabulary.DecisionKind.Auth,
        [.. Decisions.Mutual().Values, (Field.KeyAlgorithms, new FieldValue.Names(["ecdsa-p256", "rsa-3072"])), (Field.Reauthenticate, new FieldValue.Duration(43_200))]);

    private static readonly Outcome OldVersion = Decisions.Of(["TLS1.2"], ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], ["secp256r1"], lifetime: 28_800);

    /// <summary>Every stack and role in which it is configured, over TLS, with OpenSSL 3.0; the page of the docs has the same.</summary>
    internal static IEnumerable<(StackKind Stack, EmitterOptions Options)> Stacks =>
    [
        (StackKind.OpenSsl, Server), (StackKind.OpenSsl, Client), (StackKind.Nginx, Server), (StackKind.Nginx, Client), (StackKind.Mosquitto, Server), (StackKind.Mosquitto, Client),
        (StackKind.Envoy, Server), (StackKind.Envoy, Client), (StackKind.MbedTls, Server), (StackKind.MbedTls, Client), (StackKind.LwM2m, Client),
    ];

    [TestCaseSource(nameof(Names))]
    public void The_files_of_a_stack(string name)
    {
        (StackKind stack, EmitterOptions options) = Stacks.Single(one => NameOf(one.Stack, one.Options) == name);
        Outcome channel = stack == StackKind.Mosquitto && options.Role == ChannelRole.Server
            ? Outcome.Allow(TwoVersions.Kind, [.. TwoVersions.Values.Where(value => value.Field != Field.Resumption), (Field.SessionLifetime, new FieldValue.Duration(86_400))])
            : TwoVersions;
        var text = new StringBuilder();
        Write(text, "both versions, mutual", Emitter.Emit(stack, options, channel, Decisions.Mutual()));
        Write(text, "TLS 1.2, sessions of at most 8 h", Emitter.Emit(stack, options, OldVersion));
        if (stack is StackKind.OpenSsl or StackKind.MbedTls or StackKind.LwM2m)
            Write(text, "DTLS, both versions", Emitter.Emit(stack, options with { Transport = ChannelTransport.Dtls }, channel));
        if (stack == StackKind.OpenSsl)
            Write(text, "OpenSSL 3.5, with a hybrid group", Emitter.Emit(stack, options with { OpenSsl = OpenSslRelease.V35 }, Decisions.Of(["TLS1.3"], ["TLS_AES_256_GCM_SHA384"], ["X25519MLKEM768"], ["mldsa65"])));
        if (stack == StackKind.Envoy)
            Write(text, "SPIFFE IDs only", Emitter.Emit(stack, options, channel, Decisions.Mutual("spiffe-x509")));
        Write(text, "keys on P-256, authenticated again after 12 h", Emitter.Emit(stack, options with { HeldElsewhere = stack is StackKind.MbedTls or StackKind.LwM2m ? ["key-algorithms", "reauthenticate"] : ["reauthenticate"] }, channel, Strict));
        Write(text, "the same, where nothing else holds what the stack does not", Emitter.Emit(stack, options, channel, Strict));
        Write(text, "denied", Emitter.Emit(stack, options, Decisions.Denied));
        Snapshot.Match(text.ToString(), name);
    }

    [Test]
    public void What_becomes_of_every_shipped_decision_on_every_stack()
    {
        var text = new StringBuilder();
        foreach (NamedDecision decision in Decisions.Shipped)
        {
            text.Append(decision.Name).Append('\n');
            foreach ((StackKind stack, EmitterOptions options) in Stacks)
            {
                EmittedConfiguration configuration = Emitter.Emit(stack, options, decision.Outcome);
                text.Append($"  {NameOf(stack, options)}: {configuration.Fidelity.ToString().ToLowerInvariant()}\n");
                foreach (Loss loss in configuration.Losses)
                    text.Append($"    {loss.Kind.ToString().ToLowerInvariant()} {loss}\n");
            }
        }
        Snapshot.Match(text.ToString());
    }

    internal static string NameOf(StackKind stack, EmitterOptions options) => $"{stack.Name()}-{options.Role.ToString().ToLowerInvariant()}";

    private static IEnumerable<string> Names => Stacks.Select(one => NameOf(one.Stack, one.Options));

    private static void Write(StringBuilder text, string title, EmittedConfiguration configuration)
    {
        text.Append($"== {title}: {configuration.Fidelity.ToString().ToLowerInvariant()}{(configuration.Refuses ? ", refuses" : "")}\n");
        foreach (Loss loss in configuration.Losses)
            text.Append($"{loss.Kind.ToString().ToLowerInvariant()} {loss}\n");
        foreach (EmittedFile file in configuration.Files)
            text.Append($"-- {file.Name}: {file.Use}\n{file.Text}");
        text.Append('\n');
    }
}
