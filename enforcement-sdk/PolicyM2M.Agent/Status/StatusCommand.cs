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
            throw new CannotRunException(failure.InnerException switch
            {
                HttpProtocolException { ErrorCode: (long)RefusalCode.TooMany } => $"the agent answers on `{socket}`, and takes no more connections of this user: end programs of it that hold some, or ask as root",
                HttpProtocolException { ErrorCode: (long)RefusalCode.NotNamed } => $"the agent answers on `{socket}`, and not to this user: its configuration says who may ask (callers)",
                _ when !Path.Exists(socket) => $"no agent runs: there is no `{socket}` (systemctl status policym2m-agent)",
                { } cause => $"no agent answers on `{socket}`: {cause.Message}",
                null => $"no agent answers on `{socket}`: {failure.Message}",
            });
        }
    }

    private static string Text(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return StatusText.Of(document.RootElement);
    }
}
