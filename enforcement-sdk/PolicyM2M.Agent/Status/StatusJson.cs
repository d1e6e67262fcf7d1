using System.Text.Encodings.Web;
using System.Text.Json;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Status;

/// <summary>The status as JSON, as the socket gives it.</summary>
internal static class StatusJson
{
    public static byte[] Write(AgentStatus status, ClientStatus client)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("device", status.Device);
            json.WriteStartArray("pdp");
            foreach (Uri pdp in status.Pdp)
                json.WriteStringValue(pdp.ToString());
            json.WriteEndArray();
            json.WriteString("startedAt", status.StartedAt);
            json.WriteString("outage", status.Outage);
            json.WriteString("revision", status.Revision?.CommitId);
            json.WriteString("bundle", status.Revision?.BundleHash);
            json.WriteBoolean("isConnected", client.IsConnected);
            json.WriteNumber("cachedDecisions", client.Cached);
            json.WriteNumber("cachedBytes", client.CachedBytes);
            json.WriteNumber("storeWrites", client.StoreWrites);
            Instant(json, "bundleUntil", client.Bundle?.ValidUntil);
            json.WriteString("certificateUntil", status.CertificateUntil);
            json.WriteStartArray("decisions");
            foreach (DeviceDecision decision in status.Decisions)
                Write(json, decision);
            json.WriteEndArray();
            json.WriteStartArray("services");
            foreach ((string name, ServiceState state) in status.Services)
                Write(json, name, state);
            json.WriteEndArray();
            json.WriteStartArray("events");
            foreach (Happening happened in status.Events)
                Write(json, happened);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    private static void Write(Utf8JsonWriter json, DeviceDecision decision)
    {
        json.WriteStartObject();
        json.WriteString("kind", decision.Kind.Name());
        json.WriteString("source", decision.Source.Name());
        json.WriteString("deny", decision.Outcome.Denial);
        OutcomeJson.Write(json, "outcome", decision.Outcome);
        Instant(json, "freshUntil", decision.FreshUntil);
        Instant(json, "usableUntil", decision.UsableUntil);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, ServiceState state)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("stage", ServiceStages.Name(state.Stage));
        json.WriteString("since", state.Since);
        json.WriteString("detail", state.Detail);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Happening happened)
    {
        json.WriteStartObject();
        json.WriteString("at", happened.At);
        json.WriteString("event", happened.Name);
        json.WriteString("detail", happened.Detail);
        json.WriteEndObject();
    }

    private static void Instant(Utf8JsonWriter json, string name, DateTimeOffset? instant)
    {
        if (instant is { } known)
            json.WriteString(name, known);
        else
            json.WriteNull(name);
    }
}
