using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using PolicyM2M.Store;
using PolicyM2M.Store.Remotes;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>What is wrong with options that can each be read: those that need another, those that name what is not there or cannot be used, and those with which a start would end. Each is told with its place.</summary>
internal static class OptionRules
{
    private static readonly (string Option, string Other, string Reason)[] Needs =
    [
        ("--webhook", "--webhook-secret", "who calls must prove that it is the Git host"),
        ("--webhook-secret", "--webhook", "nobody is asked for it elsewhere"),
        ("--require-signed", "--allowed-signers", "somebody's signatures must count"),
    ];

    private const string DataOption = "--data";

    /// <summary>Each of these listens at an address of its own.</summary>
    private static readonly string[] Listeners = ["--listen", "--monitor", "--webhook"];

    public static IEnumerable<string> FaultsOf(ParseResult parsed, Settings settings) => FaultsOfOptions(parsed, settings)
        // The data folder counts where nobody names one, too.
        .Concat(parsed.GetResult(DataOption) is null ? FileRules.FaultsOf(DataOption, [], IsGiven(parsed, "--roles")).Select(fault => $"{DataOption}: {fault}") : []);

    private static IEnumerable<string> FaultsOfOptions(ParseResult parsed, Settings settings) =>
        from option in parsed.CommandResult.Command.Options
        where parsed.GetResult(option) is { Errors: var errors } && !errors.Any()
        from fault in MissingFiles(parsed, option).Concat(MissingOptions(parsed, option)).Concat(Unusable(parsed, option))
            .Concat(FileRules.FaultsOf(option.Name, ValuesOf(parsed, option), IsGiven(parsed, "--roles"))).Concat(Taken(parsed, option))
        select $"{settings.PlaceOf(option)}: {fault}";

    private static IEnumerable<string> ValuesOf(ParseResult parsed, Option option) => parsed.GetResult(option)!.Tokens.Select(token => token.Value);

    private static IEnumerable<string> MissingOptions(ParseResult parsed, Option option) => Needs
        .Where(need => need.Option == option.Name && IsGiven(parsed, need.Option) && !IsGiven(parsed, need.Other))
        .Select(need => $"it needs {need.Other}; {need.Reason}");

    private static IEnumerable<string> MissingFiles(ParseResult parsed, Option option)
    {
        if (option.HelpName is not { } name || !name.EndsWith("FILE", StringComparison.Ordinal) || name.Contains('|', StringComparison.Ordinal))
            return [];
        return parsed.GetResult(option)!.Tokens.Select(token => name == "FILE" ? token.Value : token.Value[(token.Value.IndexOf('=', StringComparison.Ordinal) + 1)..])
            .Where(file => !File.Exists(file)).Select(file => Directory.Exists(file) ? $"`{file}` is a folder, and no file" : $"there is no file `{file}`");
    }

    /// <summary>What a start would find out a moment later.</summary>
    private static IEnumerable<string> Unusable(ParseResult parsed, Option option)
    {
        string? fault = (option.Name, parsed.GetResult(option)!.Tokens) switch
        {
            ("--git", [var url]) when RemoteRepository.IsUrl(url.Value) => FaultOfRemote(url.Value),
            ("--registry-db", [var database]) => RegistryOption.FaultOf(database.Value),
            _ => null,
        };
        return fault is null ? [] : [fault];
    }

    private static string? FaultOfRemote(string url)
    {
        try
        {
            RemoteRepository.Of(url, ".", "HEAD", new RemoteAccess());
            return null;
        }
        catch (PolicyStoreException fault)
        {
            return fault.Message;
        }
    }

    private static IEnumerable<string> Taken(ParseResult parsed, Option option) =>
        Listeners.Contains(option.Name) && AddressOf(parsed, option.Name) is { Port: > 0 } address
            ? Listeners.TakeWhile(other => other != option.Name).Where(other => AddressOf(parsed, other) is { } known && Overlap(known, address)).Select(other => $"{address} is where {other} listens")
            : [];

    private static IPEndPoint? AddressOf(ParseResult parsed, string option) => parsed.GetResult(option) is OptionResult { Errors: var errors } result && !errors.Any() ? result.GetValueOrDefault<IPEndPoint?>() : null;

    private static bool Overlap(IPEndPoint one, IPEndPoint other) => one.Port == other.Port && (one.Address.Equals(other.Address) || IsEvery(one.Address) || IsEvery(other.Address));

    private static bool IsEvery(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool IsGiven(ParseResult parsed, string option) =>
        parsed.GetResult(option) is OptionResult { Implicit: false } result && (result.Option.ValueType != typeof(bool) || result.GetValueOrDefault<bool>());
}
