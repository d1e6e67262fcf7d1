using System.CommandLine;
using System.Globalization;
using PolicyM2M.Agent.Configuration;
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
            CustomParser = result => PdpAddress.TryParse(result.Tokens[0].Value, out Uri? uri, out string? reason) ? uri : Refused<Uri>(result, $"--pdp {reason}"),
        };
        Option<string?> certificate = File("--cert", "The device's certificate, PEM.");
        Option<string?> key = File("--key", "Its private key, PEM.");
        Option<string?> trust = File("--ca", "The only authorities that the decision point's certificate may come from, PEM.");
        Option<string?> context = File("--context", "What the device says of itself: a JSON object; - is standard input. Without it, what the development device plc-0042 says.");
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
              policym2m-agent run --config /etc/policym2m/agent.json
              policym2m-agent doctor
            """)
        { pdp, certificate, key, trust, context, cache, json, once, interval };
        foreach (Command command in DaemonCommands.All(ending))
            root.Subcommands.Add(command);
        root.Validators.Add(parsed =>
        {
            // A certificate with the development device's key, or the other way round, is never what is meant.
            if (parsed.GetResult(certificate) is null != parsed.GetResult(key) is null)
                parsed.AddError("--cert and --key go together: give both, or neither");
        });
        root.SetAction((parsed, _) =>
        {
            string? given = parsed.GetValue(context);
            var development = new Lazy<DevelopmentFolder>(DevelopmentFolder.Find);
            string certificatePath = Existing(parsed, certificate) ?? development.Value.Certificate;
            return AgentRun.RunAsync(new AgentOptions(
                new PolicyClientOptions
                {
                    Endpoint = parsed.GetValue(pdp)!,
                    CertificatePath = certificatePath,
                    KeyPath = Existing(parsed, key) ?? development.Value.Key,
                    TrustPath = Existing(parsed, trust) ?? development.Value.Trust,
                    CachePath = Path.Combine(Folder(parsed, cache) ?? development.Value.Cache, "decisions.m2mc"),
                },
                given is null ? DevelopmentDevice.Claims(CertificateFile.Of(certificatePath).From) : Context(given),
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

    private static string? Existing(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } path ? Existing(option.Name, path) : null;

    private static string Existing(string option, string path) => System.IO.File.Exists(path) ? path
        : throw new CannotRunException(Directory.Exists(path) ? $"{option}: `{path}` is a folder, and a file is expected" : $"{option}: there is no file `{path}`");

    private static string? Folder(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is not { } path ? null
        : System.IO.File.Exists(path) ? throw new CannotRunException($"{option.Name}: `{path}` is a file, and a folder is expected") : path;

    private static DeviceContext Context(string path)
    {
        string json = path == "-" ? Console.In.ReadToEnd() : System.IO.File.ReadAllText(Existing("--context", path));
        return DeviceContext.TryParseJson(json, out DeviceContext? context, out string? error)
            ? context
            : throw new CannotRunException($"--context: {(path == "-" ? "standard input" : $"`{path}`")}: {error}");
    }
}
