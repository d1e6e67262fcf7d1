using System.Text.Json;

namespace PolicyM2M.Emitters.Tests;

/// <summary>
/// Envoy does not run here, so that what is emitted is held against its API: the fields of the messages as <c>api/envoy/extensions/transport_sockets/tls/v3/{tls,common}.proto</c> of
/// envoyproxy/envoy have them. An unknown field makes Envoy refuse a configuration.
/// </summary>
internal sealed class EnvoySchemaTests
{
    private static readonly Dictionary<string, string[]> Fields = new()
    {
        [""] = ["name", "typed_config"],
        ["typed_config"] =
            ["@type", "common_tls_context", "require_client_certificate", "disable_stateless_session_resumption", "disable_stateful_session_resumption", "sni", "max_session_keys"],
        ["common_tls_context"] = ["tls_params", "tls_certificates", "validation_context"],
        ["tls_params"] = ["tls_minimum_protocol_version", "tls_maximum_protocol_version", "cipher_suites", "ecdh_curves", "signature_algorithms"],
        ["tls_certificates"] = ["certificate_chain", "private_key"],
        ["validation_context"] = ["trusted_ca", "crl", "match_typed_subject_alt_names"],
        ["match_typed_subject_alt_names"] = ["san_type", "matcher"],
        ["matcher"] = ["exact", "prefix"],
        ["certificate_chain"] = ["filename"],
        ["private_key"] = ["filename"],
        ["trusted_ca"] = ["filename"],
        ["crl"] = ["filename"],
    };

    [Test]
    public void Every_field_is_one_of_its_message([Values] ChannelRole role, [Values("x509", "spiffe-x509")] string method)
    {
        var options = new EmitterOptions { Role = role, Certificate = "/c", Key = "/k", Authorities = "/a", RevocationLists = "/r", Peer = "p" };
        var emitted = Decisions.All.Select(decision => Emitter.Emit(StackKind.Envoy, options, decision.Outcome, Decisions.Mutual(method)))
            .Where(configuration => configuration.Fidelity != Fidelity.Infeasible).ToList();
        // A client of Envoy holds a server to its name, or to a SPIFFE ID, and not to both.
        Assert.That(emitted, role == ChannelRole.Client && method == "spiffe-x509" ? Is.Empty : Is.Not.Empty);
        foreach (EmittedConfiguration configuration in emitted)
        {
            using var document = JsonDocument.Parse(configuration.Files.Single().Text);
            Check("", document.RootElement);
            JsonElement parameters = document.RootElement.GetProperty("typed_config").GetProperty("common_tls_context").GetProperty("tls_params");
            Assert.That(new[] { "TLSv1_2", "TLSv1_3" }, Does.Contain(parameters.GetProperty("tls_minimum_protocol_version").GetString()));
            Assert.That(new[] { "TLSv1_2", "TLSv1_3" }, Does.Contain(parameters.GetProperty("tls_maximum_protocol_version").GetString()));
        }
    }

    private static void Check(string message, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
                Check(message, item);
        }
        if (element.ValueKind != JsonValueKind.Object)
            return;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            Assert.That(Fields[message], Does.Contain(property.Name));
            Check(property.Name, property.Value);
        }
    }
}
