using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Startup;

/// <summary>The part of the command line that says who may call, and how much.</summary>
internal static class CallerCommandLine
{
    private const int MostAtOnce = 1_000_000;
    private const string Accept = "accept", Refuse = "refuse";

    private static readonly CallLimits Limits = new();

    private static readonly Option<string?> Roles = new("--roles")
    {
        Description = "File that says who has which role. [default: roles.json in the data folder, where there is one]",
        HelpName = "FILE",
    };

    private static readonly Option<(string, string)[]> Trust = new("--trust")
    {
        Description = "Authorities of another trust domain; may be repeated. So does trust/DOMAIN.pem in the data folder.",
        HelpName = "DOMAIN=FILE",
        CustomParser = ReadTrust,
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string[]> Crl = new("--crl")
    {
        Description = "File with a revocation list; may be repeated. So do the files in the folder crl of the data folder.",
        HelpName = "FILE",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string> CrlExpired = new("--crl-expired")
    {
        Description = "What becomes of the callers of an authority whose revocation list has ended: accept or refuse.",
        HelpName = "accept|refuse",
        CustomParser = ReadExpired,
        DefaultValueFactory = _ => Refuse,
    };

    private static readonly Option<int> Rate = Count("--rate", "Calls of one identity in a second; twice as many may come at once.", Limits.Rate);
    private static readonly Option<int> Calls = Count("--calls", "Calls answered at one time, of everybody; a sixteenth of one identity.", Limits.Calls);
    private static readonly Option<int> Streams = Count("--streams", "Streams of one identity that are open at one time.", Limits.Streams);
    private static readonly Option<int> Connections = Count("--connections", "Connections that are open at one time.", Limits.Connections);

    private static readonly Option<int?> ConnectionsPerAddress = new("--connections-per-address")
    {
        Description = "Connections that are open at one time from one address, or one /64 of IPv6; as many as of everybody where a balancer stands before the server. [default: half of --connections]",
        HelpName = "NUMBER",
        CustomParser = argument => ReadCount(argument, "--connections-per-address"),
    };

    public static void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Roles, Trust, Crl, CrlExpired, Rate, Calls, Streams, Connections, ConnectionsPerAddress })
            command.Options.Add(option);
    }

    public static CallerOptions Read(ParseResult parsed) => new()
    {
        Roles = parsed.GetValue(Roles),
        Trust = parsed.GetValue(Trust) ?? [],
        Crls = parsed.GetValue(Crl) ?? [],
        AcceptsExpiredCrls = parsed.GetValue(CrlExpired) == Accept,
        Limits = new CallLimits
        {
            Rate = parsed.GetValue(Rate),
            Calls = parsed.GetValue(Calls),
            Streams = parsed.GetValue(Streams),
            Connections = parsed.GetValue(Connections),
            ConnectionsPerAddress = parsed.GetValue(ConnectionsPerAddress),
        },
    };

    private static Option<int> Count(string name, string description, int otherwise) => new(name)
    {
        Description = description,
        HelpName = "NUMBER",
        CustomParser = argument => ReadCount(argument, name),
        DefaultValueFactory = _ => otherwise,
    };

    private static int ReadCount(ArgumentResult argument, string name)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= MostAtOnce)
            return count;
        argument.AddError($"{name}: `{text}` is not a number from 1 to {MostAtOnce}");
        return 1;
    }

    private static (string, string)[]? ReadTrust(ArgumentResult argument)
    {
        List<(string, string)> bundles = [];
        foreach (Token token in argument.Tokens)
        {
            int equals = token.Value.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && equals < token.Value.Length - 1 && SpiffeId.TryParse($"spiffe://{token.Value[..equals]}", out SpiffeId? domain, out _) && domain.Path.Length == 0)
                bundles.Add((domain.TrustDomain, token.Value[(equals + 1)..]));
            else
                argument.AddError($"--trust: `{token.Value}` is not DOMAIN=FILE, such as plant-7.example=/etc/pdp/plant-7.pem");
        }
        return [.. bundles];
    }

    private static string ReadExpired(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (text is not (Accept or Refuse))
            argument.AddError($"--crl-expired: `{text}` is not {Accept} or {Refuse}");
        return text;
    }
}
