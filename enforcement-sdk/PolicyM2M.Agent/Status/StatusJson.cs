using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using PolicyM2M.Agent.Local;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Agent.Status;

/// <summary>The status as JSON, as the socket gives it.</summary>
internal static class StatusJson
{
    /// <param name="status">What the daemon has seen of itself.</param>
    /// <param name="client">How its client stands.</param>
    /// <param name="socket">How its socket is used.</param>
    /// <param name="claims">What the gateway says of itself.</param>
    /// <param name="now">The time, by which claims have their ages.</param>
    public static byte[] Write(AgentStatus status, ClientStatus client, SocketUse socket, ImmutableArray<ClaimSighting> claims, DateTimeOffset now)
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
            json.WriteStartArray("endpoints");
            foreach (EndpointStatus endpoint in client.Endpoints)
                Write(json, endpoint);
            json.WriteEndArray();
            json.WriteString("startedAt", status.StartedAt);
            // A call may fail, as for its rate, while the watch stands.
            json.WriteString("outage", client.IsConnected && !status.IsUnwelcome ? null : status.Outage);
            json.WriteBoolean("isRefused", status.IsUnwelcome);
            RevisionId? revision = status.Revision ?? Held(status, client);
            json.WriteString("revision", revision?.CommitId);
            json.WriteString("bundle", revision?.BundleHash);
            json.WriteBoolean("isRevisionTold", status.Revision is not null);
            json.WriteBoolean("isConnected", client.IsConnected);
            json.WriteNumber("cachedDecisions", client.Cached);
            json.WriteNumber("cachedBytes", client.CachedBytes);
            json.WriteNumber("storeWrites", client.StoreWrites);
            Instant(json, "bundleUntil", client.Bundle?.ValidUntil);
            json.WriteString("certificateUntil", status.CertificateUntil);
            json.WriteString("certificateState", status.CertificateUntil <= now ? "ended" : status.IsCertificateEnding ? "ending" : "valid");
            json.WriteString("renewalFault", status.RenewalFault);
            json.WriteString("credentialUnusable", status.WhyUnusable);
            json.WriteStartObject("connections");
            json.WriteNumber("open", socket.Open);
            json.WriteNumber("refused", socket.Refused);
            json.WriteNumber("silent", socket.Silent);
            json.WriteEndObject();
            json.WriteStartArray("claims");
            foreach (ClaimSighting claim in claims)
                Write(json, claim, now);
            json.WriteEndArray();
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

    /// <summary>What is gone by while the decision point has told nothing since the start: the policies of the decisions that hold, or else of the bundle.</summary>
    private static RevisionId? Held(AgentStatus status, ClientStatus client) =>
        status.Decisions.Select(decision => decision.Revision).FirstOrDefault(revision => revision is not null) ?? client.Revision ?? client.Bundle?.Revision;

    private static void Write(Utf8JsonWriter json, EndpointStatus endpoint)
    {
        json.WriteStartObject();
        json.WriteString("address", endpoint.Address.ToString());
        json.WriteBoolean("isInUse", endpoint.IsCurrent);
        json.WriteString("state", endpoint.IsUp switch { true => "answers", false => "away", null => "untried" });
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ClaimSighting claim, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteString("name", claim.Name);
        json.WriteString("source", claim.Source);
        Instant(json, "readAt", claim.ReadAt);
        if (claim.ReadAt is { } readAt)
            json.WriteNumber("ageSeconds", Math.Max(0, (long)(now - readAt).TotalSeconds));
        else
            json.WriteNull("ageSeconds");
        if (claim.IsTested is { } isTested)
            json.WriteBoolean("isTested", isTested);
        else
            json.WriteNull("isTested");
        json.WriteString("fault", claim.Fault);
        json.WriteEndObject();
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
