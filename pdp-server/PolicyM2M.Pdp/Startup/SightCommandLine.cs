using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

namespace PolicyM2M.Pdp.Startup;

/// <summary>The part of the command line that says how the server is seen from outside, and how it ends.</summary>
internal static class SightCommandLine
{
    private const double LongestDrain = 600;
    private const string Text = "text", Json = "json";

    private static readonly Option<IPEndPoint?> Monitor = new("--monitor")
    {
        Description = "Where /healthz, /readyz and /metrics (Prometheus) are told over plain HTTP: for loopback or a network of your own.",
        HelpName = "HOST:PORT",
        CustomParser = CommandLine.ReadEndPoint,
    };

    private static readonly Option<Uri?> Otlp = new("--otlp")
    {
        Description = "Collector that metrics, traces and logs are sent to by OTLP over gRPC. [default: OTEL_EXPORTER_OTLP_ENDPOINT, where it is set]",
        HelpName = "URL",
        CustomParser = ReadUrl,
    };

    private static readonly Option<string> LogFormat = new("--log-format")
    {
        Description = "How log lines are written to standard error.",
        HelpName = $"{Text}|{Json}",
        CustomParser = ReadFormat,
        DefaultValueFactory = _ => Text,
    };

    private static readonly Option<TimeSpan?> Drain = new("--drain")
    {
        Description = $"Seconds for which a server that was asked to end (SIGTERM) still answers, while it says that it is not ready. {CommandLine.Seconds(SightOptions.UsualDrain)}",
        HelpName = "SECONDS",
        CustomParser = argument => CommandLine.ReadSeconds(argument, 0, LongestDrain),
    };

    public static void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Monitor, Otlp, LogFormat, Drain })
            command.Options.Add(option);
    }

    public static SightOptions Read(ParseResult parsed) => new()
    {
        Monitor = parsed.GetValue(Monitor),
        Otlp = parsed.GetValue(Otlp),
        LogsJson = parsed.GetValue(LogFormat) == Json,
        Drain = parsed.GetValue(Drain) ?? SightOptions.UsualDrain,
    };

    private static string ReadFormat(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (text is not (Text or Json))
            argument.AddError($"--log-format: `{text}` is not {Text} or {Json}");
        return text;
    }

    internal static Uri? ReadUrl(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0)
            return url;
        // Not repeated: it may hold a password.
        argument.AddError($"{CommandLine.NameOf(argument)}: expected an http: or https: URL without a password, such as http://127.0.0.1:4317");
        return null;
    }
}
