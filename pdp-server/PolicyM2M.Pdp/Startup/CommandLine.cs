using System.Collections.Frozen;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Pdp.Startup.Configuration;
using PolicyM2M.Store.Remotes;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Reads the command line, and what the environment and the configuration file add to it.</summary>
internal static class CommandLine
{
    private const double ShortestPoll = 0.1;
    private const double LongestPoll = 3_600;
    private static readonly TimeSpan ShortestBundleValidity = TimeSpan.FromMinutes(1);

    private const double ShortestGrace = 1, LongestGrace = 86_400;
    private const int ShortestCommit = 12, LongestCommit = 64;

    private static readonly Option<string> Git = new("--git")
    {
        Description = "Git repository to serve: a folder in one, or a file:, https: or ssh: URL, which is cloned into the data folder.",
        HelpName = "PATH|URL",
        DefaultValueFactory = _ => ".",
    };

    private static readonly Option<string> Ref = new("--ref")
    {
        Description = "Branch, tag or commit to serve. New commits of a branch are followed.",
        HelpName = "REF",
        DefaultValueFactory = _ => "HEAD",
    };

    private static readonly Option<string> Folder = new("--path")
    {
        Description = "Folder of the policy set within the repository.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "policies",
    };

    private static readonly Option<IPEndPoint?> Listen = new("--listen")
    {
        Description = "Where to listen; port 0 takes a free one.",
        HelpName = "HOST:PORT",
        CustomParser = ReadEndPoint,
        DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, 8443),
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Data folder: certificates and device registry. [default: .policym2m in the work tree around the current folder]",
        HelpName = "DIR",
    };

    private static readonly Option<string?> RegistryDb = new("--registry-db")
    {
        Description = "Where the device registry is kept. [default: sqlite: and registry.db in the data folder]",
        HelpName = "sqlite:PATH|postgres-file:FILE|postgres-env:NAME",
        CustomParser = ReadRegistry,
    };

    private static readonly Option<TimeSpan?> RegistryGrace = new("--registry-grace")
    {
        Description = $"Seconds for which the registry as last read still counts while its database cannot be reached; then its attributes are missing. {Seconds(PdpOptions.UsualGrace)}",
        HelpName = "SECONDS",
        CustomParser = argument => ReadSeconds(argument, ShortestGrace, LongestGrace),
    };

    private static readonly Option<TimeSpan?> BundleValidity = new("--bundle-validity")
    {
        Description = "How long a device may decide from a bundle after it fetched it, or last heard that it is still the one. [default: 7d]",
        HelpName = "DURATION",
        CustomParser = argument => ReadValidity(argument, ShortestBundleValidity, SigningTimes.LongestBundleValidity),
    };

    private static readonly Option<TimeSpan?> StatementValidity = new("--statement-validity")
    {
        Description = "How long at most what the registry says of a device counts while nobody answers it; less where its decisions may not be used for so long. [default: 7d]",
        HelpName = "DURATION",
        CustomParser = argument => ReadValidity(argument, SigningTimes.StatementIsFresh, SigningTimes.LongestStatementValidity),
    };

    private static readonly Option<TimeSpan?> Poll = new("--poll")
    {
        Description = $"Seconds between two looks at the repository and the certificates. {Seconds(PdpOptions.UsualPoll)}",
        HelpName = "SECONDS",
        CustomParser = argument => ReadSeconds(argument, ShortestPoll, LongestPoll),
    };

    private static readonly Option<TimeSpan?> Fetch = new("--fetch")
    {
        Description = $"Seconds between two fetches of a remote. {Seconds(PdpOptions.UsualFetch)}",
        HelpName = "SECONDS",
        CustomParser = argument => ReadSeconds(argument, ShortestPoll, LongestPoll),
    };

    private static readonly Option<string?> GitKey = new("--git-key")
    {
        Description = "Private key to log in with at an ssh: remote. [default: those that ssh finds]",
        HelpName = "FILE",
    };

    private static readonly Option<string?> GitKnownHosts = new("--git-known-hosts")
    {
        Description = "Keys of ssh: hosts; one that is not in it is not talked to. [default: those of the user]",
        HelpName = "FILE",
    };

    private static readonly Option<string?> GitAuthorities = new("--git-ca")
    {
        Description = "Certificates of the authorities that https: remotes are trusted by. [default: those of the machine]",
        HelpName = "FILE",
    };

    private static readonly Option<string?> GitToken = new("--git-token")
    {
        Description = "File with the password or access token for an https: remote.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> AllowTls12 = new("--tls12") { Description = "Let callers come over TLS 1.2 too; TLS 1.3 only unless given." };

    private static readonly Option<bool> Development = new("--development")
    {
        Description = "Let a server that others can reach have certificates for development, and make them where there are none; one on a loopback address may in any case.",
    };

    private static readonly Option<string?> Accept = new("--accept")
    {
        Description = "Serve this commit although it does not follow the one that was served last: its history was rewritten, or the ref was moved back. It counts at the first start with it, and no more.",
        HelpName = "COMMIT",
        CustomParser = ReadCommit,
    };

    private static readonly Option<IPEndPoint?> Webhook = new("--webhook")
    {
        Description = "Where Git hosts tell of a push by POST /webhook over HTTP, which ends the pause between two looks.",
        HelpName = "HOST:PORT",
        CustomParser = ReadEndPoint,
    };

    private static readonly Option<string?> WebhookSecret = new("--webhook-secret")
    {
        Description = "File with the secret of the webhook: X-Hub-Signature-256 (GitHub, Gitea) or X-Gitlab-Token.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Rollout = new("--rollout")
    {
        Description = "How a new commit enters: direct; shadow, decided with and compared; or canary:PERCENT, answering that share of the devices. An operator promotes it. [default: direct]",
        HelpName = "STAGE",
        CustomParser = ReadStage,
    };

    private static readonly Option<string?> AllowedSigners = new("--allowed-signers")
    {
        Description = "Whose SSH signatures of commits count: a file as `git log --show-signature` reads it, outside the repository.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> RequireSigned = new("--require-signed") { Description = "Serve a commit only where one of the allowed signers signed it." };

    /// <summary>The options; null where the process should end with <paramref name="exitCode"/>, having said why or having shown what was asked for.</summary>
    public static PdpOptions? Parse(string[] args, TextWriter output, TextWriter error, out int exitCode, IReadOnlyDictionary<string, string>? environment = null)
    {
        PdpOptions? options = null;
        RootCommand command = Describe();
        command.SetAction(parsed => options = Read(parsed));
        var streams = new InvocationConfiguration { Output = output, Error = error };

        ParseResult given = command.Parse(args);
        if (given.Errors.Count == 0 && given.Action != command.Action)
        {
            exitCode = given.Invoke(streams);
            return null;
        }
        var settings = Settings.Read(command, given, environment ?? FrozenDictionary<string, string>.Empty);
        ParseResult parsed = command.Parse([.. settings.Arguments, .. args]);
        string[] faults = [.. given.Errors.Select(fault => fault.Message), .. settings.Faults, .. OptionRules.FaultsOf(parsed, settings)];
        if (faults.Length > 0)
        {
            foreach (string fault in faults)
                error.WriteLine($"error: {fault}");
            error.WriteLine("`--help` lists the options.");
            exitCode = ExitCode.CouldNotRun;
            return null;
        }
        if (parsed.GetValue(SettingsOptions.Check))
        {
            output.Write(OptionTable.InForce(command, parsed, settings));
            string[] found = [.. CheckedData.FaultsOf(parsed.GetValue(Data), TimeProvider.System)];
            foreach (string fault in found)
                error.WriteLine($"error: {Settings.WithPlaces(fault, settings.Places)}");
            exitCode = found.Length > 0 ? ExitCode.CouldNotRun : ExitCode.Ok;
            return null;
        }
        exitCode = parsed.Invoke(streams);
        return options is null ? null : options with { Places = settings.Places };
    }

    /// <summary>The command with all of its options, in the order of the help.</summary>
    internal static RootCommand Describe()
    {
        var command = new RootCommand("Serves the decisions of a policy set in Git over gRPC with mutual TLS.")
        {
            SettingsOptions.File, SettingsOptions.Check,
            Git, Ref, Folder, Rollout, Accept,
            AllowedSigners, RequireSigned,
            Fetch, GitKey, GitKnownHosts, GitAuthorities, GitToken,
            Webhook, WebhookSecret,
            Listen, AllowTls12, Development,
            BundleValidity, StatementValidity,
            Data, Poll,
            RegistryDb, RegistryGrace,
        };
        CallerCommandLine.AddTo(command);
        AuditCommandLine.AddTo(command);
        SightCommandLine.AddTo(command);
        HelpOption help = command.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return command;
    }

    private static PdpOptions Read(ParseResult parsed) => new(
        parsed.GetValue(Git)!, parsed.GetValue(Ref)!, parsed.GetValue(Folder)!, parsed.GetValue(Listen)!, parsed.GetValue(Data), parsed.GetValue(Poll) ?? PdpOptions.UsualPoll,
        parsed.GetValue(AllowTls12), parsed.GetValue(Accept))
    {
        Development = parsed.GetValue(Development),
        AllowedSigners = parsed.GetValue(AllowedSigners),
        RequireSigned = parsed.GetValue(RequireSigned),
        // A parser that says nothing, as that of direct would, counts as one that failed.
        Rollout = parsed.GetValue(Rollout) is { } stage ? RolloutStage.Parse(stage) : null,
        Fetch = parsed.GetValue(Fetch) ?? PdpOptions.UsualFetch,
        Access = new RemoteAccess(parsed.GetValue(GitKey), parsed.GetValue(GitKnownHosts), parsed.GetValue(GitAuthorities), parsed.GetValue(GitToken)),
        Webhook = parsed.GetValue(Webhook),
        WebhookSecret = parsed.GetValue(WebhookSecret),
        BundleValidity = parsed.GetValue(BundleValidity) ?? PdpOptions.UsualBundleValidity,
        StatementValidity = parsed.GetValue(StatementValidity) ?? PdpOptions.UsualStatementValidity,
        RegistryDb = parsed.GetValue(RegistryDb),
        RegistryGrace = parsed.GetValue(RegistryGrace) ?? PdpOptions.UsualGrace,
        Callers = CallerCommandLine.Read(parsed),
        Audit = AuditCommandLine.Read(parsed),
        Sight = SightCommandLine.Read(parsed),
    };

    internal static IPEndPoint? ReadEndPoint(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "" : text[..colon].TrimStart('[').TrimEnd(']');
        // The address of an IPv6 host stands in brackets, so that its port can be told from it.
        bool isBracketed = text.StartsWith('[') && colon > 0 && text[colon - 1] == ']';
        if (colon > 0
            && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            && IPAddress.TryParse(host == "localhost" ? "127.0.0.1" : host, out IPAddress? address)
            && isBracketed == host.Contains(':', StringComparison.Ordinal))
            return new IPEndPoint(address, port);
        argument.AddError($"{NameOf(argument)}: `{text}` is not HOST:PORT, such as 127.0.0.1:8443, [::1]:8443 or localhost:0; HOST is an IP address or localhost");
        return null;
    }

    private static string? ReadCommit(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (text.Length is >= ShortestCommit and <= LongestCommit && text.All(char.IsAsciiHexDigit))
            return text.ToLowerInvariant();
        argument.AddError($"--accept: `{text}` is not the id of a commit, or at least its first {ShortestCommit} digits");
        return null;
    }

    private static string ReadStage(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (RolloutStage.Parse(text) is null && text != "direct")
            argument.AddError($"--rollout: `{text}` is not direct, shadow or canary:PERCENT, such as canary:10; PERCENT is from 1 to 100");
        return text;
    }

    private static TimeSpan? ReadValidity(ArgumentResult argument, TimeSpan shortest, TimeSpan longest)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (DurationText.TryParse(text, out long seconds) && TimeSpan.FromSeconds(seconds) is var given && given >= shortest && given <= longest)
            return given;
        argument.AddError($"{NameOf(argument)}: `{text}` is not a duration from {DurationText.Format((long)shortest.TotalSeconds)} to {longest.Days}d, such as 12h");
        return null;
    }

    private static string? ReadRegistry(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (RegistryOption.IsOne(text))
            return text;
        // Not repeated: somebody may have written a password there.
        argument.AddError($"--registry-db: expected {RegistryOption.Forms}");
        return null;
    }

    /// <summary>The default of an option of seconds; the library would write it as hours, minutes and seconds.</summary>
    internal static string Seconds(TimeSpan usual) => string.Create(CultureInfo.InvariantCulture, $"[default: {usual.TotalSeconds}]");

    internal static TimeSpan? ReadSeconds(ArgumentResult argument, double shortest, double longest)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds >= shortest && seconds <= longest)
            return TimeSpan.FromSeconds(seconds);
        argument.AddError($"{NameOf(argument)}: `{text}` is not a number of seconds from {shortest} to {longest}");
        return null;
    }

    internal static string NameOf(ArgumentResult argument) => ((OptionResult)argument.Parent!).Option.Name;

    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int exitCode = help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine("""
                Examples:
                  Serve policies/ of the repository around the current folder, at HEAD:
                    dotnet run --project pdp-server/PolicyM2M.Pdp

                  Serve the branch `release` of a bare repository whose root is the policy set, on a free port:
                    dotnet run --project pdp-server/PolicyM2M.Pdp -- --git /srv/policies.git --ref release --path . --listen 127.0.0.1:0

                  Serve a remote repository, and only what somebody who may has signed:
                    dotnet run --project pdp-server/PolicyM2M.Pdp -- --git https://git.example/fleet.git --git-token /etc/policym2m/token \
                      --allowed-signers /etc/policym2m/allowed_signers --require-signed

                Exit codes:
                  0  stopped in order      1  could not run      3  the policy set is not valid, or not signed
                """);
            return exitCode;
        }
    }
}
