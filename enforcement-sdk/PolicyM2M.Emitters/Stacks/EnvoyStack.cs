using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PolicyM2M.Emitters.Names;
using PolicyM2M.Emitters.Planning;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>
/// Envoy's <c>envoy.extensions.transport_sockets.tls.v3</c> as JSON, which is YAML too. BoringSSL takes no list of suites for TLS 1.3: it offers its three, in an order that
/// depends on the machine.
/// </summary>
internal sealed class EnvoyStack : IStack
{
    private const string FileName = "policym2m-envoy.json";

    private const string Types = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.";

    public StackAbility Ability(EmitterOptions options) => new("Envoy", Dialect.BoringSsl)
    {
        FixedTls13Suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
        ChecksSpiffe = true,
        BindsKeys = true,
        Revocation = RevocationReach.Chain,
    };

    public ImmutableArray<string> FileNames(EmitterOptions options) => [FileName];

    public ImmutableArray<EmittedFile> Emit(ChannelPlan plan, EmitterOptions options)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("name", "envoy.transport_sockets.tls");
            json.WriteStartObject("typed_config");
            json.WriteString("@type", Types + (options.Role == ChannelRole.Server ? "DownstreamTlsContext" : "UpstreamTlsContext"));
            Common(json, plan, options);
            if (options.Role == ChannelRole.Server)
                Downstream(json, plan);
            else
            {
                json.WriteString("sni", options.Peer);
                if (plan.Sessions.Off)
                    json.WriteNumber("max_session_keys", 0);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return [new EmittedFile(FileName, Encoding.UTF8.GetString(bytes.ToArray()) + "\n",
            $"it is the `transport_socket` of {(options.Role == ChannelRole.Server ? "each filter chain of the listener" : "the cluster")}")];
    }

    // A context without a usable certificate is refused by Envoy as a whole, and the one before stays in force.
    public ImmutableArray<EmittedFile> Refuse(EmitterOptions options, string reason) => [];

    private static void Common(Utf8JsonWriter json, ChannelPlan plan, EmitterOptions options)
    {
        json.WriteStartObject("common_tls_context");
        json.WriteStartObject("tls_params");
        json.WriteString("tls_minimum_protocol_version", plan.Tls12 ? "TLSv1_2" : "TLSv1_3");
        json.WriteString("tls_maximum_protocol_version", plan.Tls13 ? "TLSv1_3" : "TLSv1_2");
        Write(json, "cipher_suites", plan.Tls12 ? plan.Suites12 : null);
        Write(json, "ecdh_curves", plan.Groups);
        Write(json, "signature_algorithms", plan.Signatures);
        json.WriteEndObject();
        if (options.Certificate is not null)
        {
            json.WriteStartArray("tls_certificates");
            json.WriteStartObject();
            File(json, "certificate_chain", options.Certificate);
            File(json, "private_key", options.Key!);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        if (options.Role == ChannelRole.Client || plan.Mutual)
            Validation(json, plan, options);
        json.WriteEndObject();
    }

    private static void Validation(Utf8JsonWriter json, ChannelPlan plan, EmitterOptions options)
    {
        json.WriteStartObject("validation_context");
        File(json, "trusted_ca", options.Authorities!);
        if (options.RevocationLists is not null)
            File(json, "crl", options.RevocationLists);
        if (options.Role == ChannelRole.Client)
            Name(json, "DNS", "exact", options.Peer!);
        else if (plan.SpiffeOnly)
            Name(json, "URI", "prefix", "spiffe://");
        json.WriteEndObject();
    }

    private static void Downstream(Utf8JsonWriter json, ChannelPlan plan)
    {
        json.WriteBoolean("require_client_certificate", plan.Mutual);
        if (plan.Sessions.Off)
        {
            json.WriteBoolean("disable_stateless_session_resumption", true);
            json.WriteBoolean("disable_stateful_session_resumption", true);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, ImmutableArray<StackName>? names)
    {
        if (names is not { } list)
            return;
        json.WriteStartArray(name);
        foreach (StackName item in list)
            json.WriteStringValue(item.Native);
        json.WriteEndArray();
    }

    private static void File(Utf8JsonWriter json, string name, string path)
    {
        json.WriteStartObject(name);
        json.WriteString("filename", path);
        json.WriteEndObject();
    }

    private static void Name(Utf8JsonWriter json, string type, string match, string value)
    {
        json.WriteStartArray("match_typed_subject_alt_names");
        json.WriteStartObject();
        json.WriteString("san_type", type);
        json.WriteStartObject("matcher");
        json.WriteString(match, value);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
