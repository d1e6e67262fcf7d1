using System.CommandLine;
using System.Globalization;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent;

/// <summary>The agent's options.</summary>
internal static class CommandLine
{
    /// <summary>The program itself tells failures, in one line and not by a stack trace, and ends itself on a signal.</summary>
    public static InvocationConfiguration Invocation { get; } = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };

    public static RootCommand Build(CancellationToken ending)
    {
        Option<Uri> pdp = new("--pdp")
        {
            HelpName = "URL",
            Description = "The decision point.",
            DefaultValueFactory = _ => new Uri("https://127.0.0.1:8443"),
            CustomParser = result => Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttps
                ? uri
                : Refused<Uri>(result, "--pdp takes an address such as https://pdp.example:8443: decisions travel over TLS only"),
        };
        Option<string?> certificate = File("--cert", "The device's certificate, PEM.");
        Option<string?> key = File("--key", "Its private key, PEM.");
        Option<string?> trust = File("--ca", "The only authorities that the decision point's certificate may come from, PEM.");
        Option<string?> context = File("--context", "What the device says of itself: a JSON object. Without it, what the development device plc-0042 says.");
        Option<string?> cache = new("--cache") { HelpName = "DIR", Description = "The folder that decisions are kept in." };
        Option<bool> json = new("--json") { Description = "Write a JSON object per line, each a decision or an event." };
        Option<bool> once = new("--once") { Description = "Decide once and end: 0 where all is allowed, 2 where something is denied, 1 where the agent could not run." };
        Option<int> interval = new("--interval") { HelpName = "SECONDS", Description = "Decide at least this often.", DefaultValueFactory = _ => 30 };
        interval.CustomParser = result =>
            int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds is >= 1 and <= 86_400
                ? seconds
                : Refused<int>(result, "--interval takes 1 to 86400 seconds");

        var root = new RootCommand("""
            Asks a PolicyM2M decision point for its device's decisions, shows them, and keeps them while the decision point is away.

            Without options it is the development device of the decision point that was started in the same clone
            (dotnet run --project pdp-server/PolicyM2M.Pdp): its credentials are in .policym2m.

            Examples:
              dotnet run --project enforcement-sdk/PolicyM2M.Agent
              dotnet run --project enforcement-sdk/PolicyM2M.Agent -- --once --json
              dotnet run --project enforcement-sdk/PolicyM2M.Agent -- --context policies/examples/plc-legacy-firmware.json
            """)
        { pdp, certificate, key, trust, context, cache, json, once, interval };
        root.SetAction((parsed, _) =>
        {
            string? given = parsed.GetValue(context);
            var development = new Lazy<DevelopmentFolder>(DevelopmentFolder.Find);
            return AgentRun.RunAsync(new AgentOptions(
                new PolicyClientOptions
                {
                    Endpoint = parsed.GetValue(pdp)!,
                    CertificatePath = parsed.GetValue(certificate) ?? development.Value.Certificate,
                    KeyPath = parsed.GetValue(key) ?? development.Value.Key,
                    TrustPath = parsed.GetValue(trust) ?? development.Value.Trust,
                    CachePath = Path.Combine(parsed.GetValue(cache) ?? development.Value.Cache, "decisions.m2mc"),
                },
                given is null ? DevelopmentDevice.Claims : Context(given),
                TimeSpan.FromSeconds(parsed.GetValue(interval)),
                parsed.GetValue(once),
                parsed.GetValue(json)), ending);
        });
        return root;
    }

    private static Option<string?> File(string name, string description) => new(name) { HelpName = "FILE", Description = description };

    private static T? Refused<T>(System.CommandLine.Parsing.ArgumentResult result, string reason)
    {
        result.AddError(reason);
        return default;
    }

    private static DeviceContext Context(string path) => DeviceContext.TryParseJson(System.IO.File.ReadAllText(path), out DeviceContext? context, out string? error)
        ? context
        : throw new CannotRunException($"{path}: {error}");
}
