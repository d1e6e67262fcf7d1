using System.Globalization;
using System.Text;
using System.Text.Json;
using PolicyM2M.Agent.Local;

namespace PolicyM2M.Agent.Status;

/// <summary>Asks the running daemon how it fares, over its socket.</summary>
internal static class StatusCommand
{
    /// <summary>Asks, and writes what it says.</summary>
    /// <exception cref="CannotRunException">No daemon answers, or it does not tell this user.</exception>
    public static async Task<int> RunAsync(string socket, bool isJson, TextWriter output, CancellationToken ending)
    {
        string json = await AskAsync(socket, ending);
        output.Write(isJson ? json + "\n" : Text(json));
        return ExitCode.Ok;
    }

    private static async Task<string> AskAsync(string socket, CancellationToken ending)
    {
        using HttpClient daemon = LocalAddress.Client(socket);
        try
        {
            using HttpResponseMessage answer = await daemon.GetAsync(LocalServer.StatusPath, ending);
            return answer.IsSuccessStatusCode
                ? await answer.Content.ReadAsStringAsync(ending)
                : throw new CannotRunException($"the agent does not tell this user: {(int)answer.StatusCode}; its configuration says who may ask (callers)");
        }
        catch (HttpRequestException failure)
        {
            throw new CannotRunException($"no agent answers on `{socket}`: {(failure.InnerException ?? failure).Message}");
        }
    }

    private static string Text(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement status = document.RootElement;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Of(status, "device")}\n");
        string asked = string.Join(", ", status.GetProperty("pdp").EnumerateArray().Select(pdp => Printable.Text(pdp.GetString()!)));
        text.Append(CultureInfo.InvariantCulture, $"asks {asked}{(Of(status, "outage") is { Length: > 0 } outage ? $", which cannot be reached: {outage}" : "")}\n");
        text.Append(CultureInfo.InvariantCulture, $"revision {EventText.Short(Of(status, "revision") is { Length: > 0 } revision ? revision : "unknown")}, certificate until {Of(status, "certificateUntil")}\n");
        string bundle = Of(status, "bundleUntil") is { Length: > 0 } until ? $", and a bundle that is valid until {until}" : "";
        text.Append(CultureInfo.InvariantCulture, $"keeps {status.GetProperty("cachedDecisions").GetInt32()} decisions{bundle}\n");
        foreach (JsonElement decision in status.GetProperty("decisions").EnumerateArray())
        {
            string deny = Of(decision, "deny");
            text.Append(CultureInfo.InvariantCulture, $"  {Of(decision, "kind")}: {(deny.Length == 0 ? "allow" : "deny")}, {Of(decision, "source")}{(deny.Length == 0 ? "" : $": {deny}")}\n");
        }
        foreach (JsonElement service in status.GetProperty("services").EnumerateArray())
            text.Append(CultureInfo.InvariantCulture, $"  service {Of(service, "name")}: {Of(service, "stage")}{(Of(service, "detail") is { Length: > 0 } detail ? $": {detail}" : "")}\n");
        foreach (JsonElement happened in status.GetProperty("events").EnumerateArray())
            text.Append(CultureInfo.InvariantCulture, $"{Of(happened, "at")} {Of(happened, "event")}: {Of(happened, "detail")}\n");
        return text.ToString();
    }

    private static string Of(JsonElement element, string name) => Printable.Text(element.GetProperty(name).GetString() ?? "");
}
