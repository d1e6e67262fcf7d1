using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PolicyM2M.Agent.Status;

/// <summary>The status as people read it, from the JSON that the daemon gave.</summary>
internal static class StatusText
{
    public static string Of(JsonElement status)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Of(status, "device")}\n");
        JsonElement[] endpoints = [.. status.GetProperty("endpoints").EnumerateArray()];
        string asked = string.Join(", ", endpoints.Select(endpoint => Of(endpoint, "address") + (endpoints.Length > 1 ? Standing(endpoint) : "")));
        string failing = status.GetProperty("isRefused").GetBoolean() ? "which refuses this gateway" : "which cannot be reached";
        text.Append(CultureInfo.InvariantCulture, $"asks {asked}{(Of(status, "outage") is { Length: > 0 } outage ? $", {failing}: {outage}" : "")}\n");
        string held = status.GetProperty("isRevisionTold").GetBoolean() ? "" : " (held; no decision point has told one since the start)";
        string revision = Of(status, "revision") is { Length: > 0 } known ? EventText.Short(known) + held : "unknown";
        string state = Of(status, "certificateState") switch { "ended" => ", which is over: renew it", "ending" => ", which is near: renew it", _ => "" };
        text.Append(CultureInfo.InvariantCulture, $"revision {revision}, certificate until {Time(status, "certificateUntil")}{state}\n");
        if (Told(status, "credentialUnusable") is { Length: > 0 } unusable)
            text.Append(CultureInfo.InvariantCulture, $"the credential may not be used: {unusable}\n");
        if (Told(status, "renewalFault") is { Length: > 0 } renewal)
            text.Append(CultureInfo.InvariantCulture, $"its renewal failed: {renewal}\n");
        string bundle = Time(status, "bundleUntil") is { Length: > 0 } until ? $", and a bundle that is valid until {until}" : "";
        text.Append(CultureInfo.InvariantCulture, $"keeps {Counted(Count(status, "cachedDecisions"), "decision")}{bundle}\n");
        JsonElement connections = status.GetProperty("connections");
        text.Append(CultureInfo.InvariantCulture,
            $"{Counted(Count(connections, "open"), "connection")} to the socket; since the start refused: {Count(connections, "refused")}, ended because nothing was asked: {Count(connections, "silent")}\n");
        bool isConnected = status.GetProperty("isConnected").GetBoolean();
        foreach (JsonElement decision in status.GetProperty("decisions").EnumerateArray())
        {
            string deny = Of(decision, "deny");
            text.Append(CultureInfo.InvariantCulture, $"  {Of(decision, "kind")}: {(deny.Length == 0 ? "allow" : "deny")}, {Source(decision, isConnected)}{(deny.Length == 0 ? "" : $": {deny}")}\n");
        }
        foreach (JsonElement claim in status.GetProperty("claims").EnumerateArray())
            text.Append(CultureInfo.InvariantCulture, $"  claim {Of(claim, "name")} of {Of(claim, "source")}{Age(claim)}{(Of(claim, "fault") is { Length: > 0 } fault ? $": {fault}" : "")}\n");
        foreach (JsonElement service in status.GetProperty("services").EnumerateArray())
            text.Append(CultureInfo.InvariantCulture, $"  service {Of(service, "name")}: {Of(service, "stage")}{(Of(service, "detail") is { Length: > 0 } detail ? $": {detail}" : "")}\n");
        foreach (JsonElement happened in status.GetProperty("events").EnumerateArray())
            text.Append(CultureInfo.InvariantCulture, $"{Time(happened, "at")} {Of(happened, "event")}: {Of(happened, "detail")}\n");
        return text.ToString();
    }

    private static string Standing(JsonElement endpoint) => endpoint.GetProperty("isInUse").GetBoolean() ? $" (in use, {Of(endpoint, "state")})" : $" ({Of(endpoint, "state")})";

    private static string Age(JsonElement claim) => claim.GetProperty("ageSeconds") is { ValueKind: JsonValueKind.Number } age ? $", {age.GetInt64()} s old" : "";

    /// <summary>What was asked for and is fresh holds as if it had just been asked for: that it is kept is of interest where nobody could be asked.</summary>
    private static string Source(JsonElement decision, bool isConnected) => Of(decision, "source") switch
    {
        "cached" => $"{(isConnected ? "" : "cached, ")}fresh until {Time(decision, "freshUntil")}",
        "stale" => $"stale, usable until {Time(decision, "usableUntil")}",
        var source => source,
    };

    private static string Counted(long count, string what) => count == 1 ? $"1 {what}" : string.Create(CultureInfo.InvariantCulture, $"{count} {what}s");

    /// <summary>To the second, as the log has times.</summary>
    private static string Time(JsonElement element, string name) =>
        element.GetProperty(name) is { ValueKind: JsonValueKind.String } time && time.TryGetDateTimeOffset(out DateTimeOffset at) ? at.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture) : "";

    /// <summary>What an agent of before may not tell.</summary>
    private static string Told(JsonElement element, string name) => element.TryGetProperty(name, out _) ? Of(element, name) : "";

    private static long Count(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static string Of(JsonElement element, string name) => Printable.Text(element.GetProperty(name).GetString() ?? "");
}
