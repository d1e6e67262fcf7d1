using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Reads the command line.</summary>
internal static class CommandLine
{
    private const double ShortestPoll = 0.1;
    private const double LongestPoll = 3_600;
    private const int ShortestCommit = 12, LongestCommit = 64;

    private static readonly Option<string> Git = new("--git")
    {
        Description = "Git repository to serve, or a folder inside one.",
        HelpName = "PATH",
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

    private static readonly Option<TimeSpan> Poll = new("--poll")
    {
        Description = "Seconds between two looks at the repository and the registry.",
        HelpName = "SECONDS",
        CustomParser = ReadSeconds,
        DefaultValueFactory = _ => TimeSpan.FromSeconds(2),
    };

    private static readonly Option<bool> AllowTls12 = new("--tls12") { Description = "Let callers come over TLS 1.2 too; TLS 1.3 only unless given." };

    private static readonly Option<string?> Accept = new("--accept")
    {
        Description = "Serve this commit although it does not follow the one that was served last: its history was rewritten, or the ref was moved back.",
        HelpName = "COMMIT",
        CustomParser = ReadCommit,
    };

    /// <summary>The options; null where the process should end with <paramref name="exitCode"/>, having said why or having shown its help.</summary>
    public static PdpOptions? Parse(string[] args, TextWriter output, TextWriter error, out int exitCode)
    {
        PdpOptions? options = null;
        var command = new RootCommand("Serves the decisions of a policy set in Git over gRPC with mutual TLS.") { Git, Ref, Folder, Listen, Data, Poll, AllowTls12, Accept };
        CallerCommandLine.AddTo(command);
        command.SetAction(parsed => options = new PdpOptions(
            parsed.GetValue(Git)!, parsed.GetValue(Ref)!, parsed.GetValue(Folder)!, parsed.GetValue(Listen)!, parsed.GetValue(Data), parsed.GetValue(Poll),
            parsed.GetValue(AllowTls12), parsed.GetValue(Accept))
        { Callers = CallerCommandLine.Read(parsed) });
        HelpOption help = command.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);

        ParseResult result = command.Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (ParseError fault in result.Errors)
                error.WriteLine($"error: {fault.Message}");
            error.WriteLine("`--help` lists the options.");
            exitCode = ExitCode.CouldNotRun;
            return null;
        }
        exitCode = result.Invoke(new InvocationConfiguration { Output = output, Error = error });
        return options;
    }

    private static IPEndPoint? ReadEndPoint(ArgumentResult argument)
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
        argument.AddError($"--listen: `{text}` is not HOST:PORT, such as 127.0.0.1:8443, [::1]:8443 or localhost:0; HOST is an IP address or localhost");
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

    private static TimeSpan ReadSeconds(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= ShortestPoll and <= LongestPoll)
            return TimeSpan.FromSeconds(seconds);
        argument.AddError($"--poll: `{text}` is not a number of seconds from {ShortestPoll} to {LongestPoll}");
        return default;
    }

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

                Exit codes:
                  0  stopped in order      1  could not run      3  the policy set is not valid
                """);
            return exitCode;
        }
    }
}
