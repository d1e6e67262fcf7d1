using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Agent;

/// <summary>What the agent learns, a JSON object per line: a decision has <c>kind</c>, an event has <c>event</c>.</summary>
internal sealed class JsonOutput(TextWriter writer, TimeProvider time) : IAgentOutput
{
    private readonly Lock _lock = new();

    public void Device(string id, Uri endpoint) => Line(json =>
    {
        json.WriteString("event", "started");
        json.WriteString("device", id);
        json.WriteString("pdp", endpoint.ToString());
    });

    public void Event(ClientEvent happened) => Line(json =>
    {
        (string name, string detail) = EventText.Of(happened);
        json.WriteString("event", name);
        json.WriteString("detail", detail);
        if (happened is ClientEvent.Disconnected disconnected)
            json.WriteString("cause", disconnected.Detail);
        if (happened is ClientEvent.ContextRead read)
            Write(json, read);
    });

    public void Decision(DeviceDecision decision) => Line(json =>
    {
        json.WriteString("kind", decision.Kind.Name());
        json.WriteString("source", decision.Source.Name());
        json.WriteString("deny", decision.Outcome.Denial);
        OutcomeJson.Write(json, "outcome", decision.Outcome);
        json.WriteStartArray("rules");
        foreach (RuleName rule in decision.Decision?.Rules ?? [])
        {
            json.WriteStartObject();
            json.WriteString("policy", rule.Policy);
            json.WriteString("rule", rule.Label);
            json.WriteString("file", rule.File);
            json.WriteNumber("line", rule.Line);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (decision.Revision is { } revision)
        {
            json.WriteStartObject("revision");
            json.WriteString("commit", revision.CommitId);
            json.WriteString("bundle", revision.BundleHash);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("revision");
        }
        Instant(json, "freshUntil", decision.FreshUntil);
        Instant(json, "usableUntil", decision.UsableUntil);
    });

    private static void Write(Utf8JsonWriter json, ClientEvent.ContextRead read)
    {
        json.WriteString("device", read.Device);
        json.WriteStartArray("ignored");
        foreach (IgnoredValue value in read.Ignored)
        {
            json.WriteStartObject();
            json.WriteString("name", value.Name);
            json.WriteString("reason", value.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("missing");
        foreach (string name in read.Missing)
            json.WriteStringValue(name);
        json.WriteEndArray();
        if (read.IsRegistryAway)
            json.WriteBoolean("registryAway", true);
    }

    private static void Instant(Utf8JsonWriter json, string name, DateTimeOffset? instant)
    {
        if (instant is { } known)
            json.WriteString(name, known);
        else
            json.WriteNull(name);
    }

    private void Line(Action<Utf8JsonWriter> content)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("at", time.GetUtcNow());
            content(json);
            json.WriteEndObject();
        }
        lock (_lock)
        {
            writer.Write(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n");
            writer.Flush();
        }
    }
}
