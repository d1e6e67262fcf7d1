using System.CommandLine;
using System.CommandLine.Parsing;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>What is wrong with options that are each fine by themselves: those that need another, and those that name a file that is not there.</summary>
internal static class OptionRules
{
    private static readonly (string Option, string Other, string Reason)[] Needs =
    [
        ("--webhook", "--webhook-secret", "who calls must prove that it is the Git host"),
        ("--webhook-secret", "--webhook", "nobody is asked for it elsewhere"),
        ("--require-signed", "--allowed-signers", "somebody's signatures must count"),
    ];

    public static IEnumerable<string> FaultsOf(ParseResult parsed) =>
        [.. parsed.CommandResult.Command.Options.SelectMany(option => MissingFiles(parsed, option)), .. MissingOptions(parsed)];

    private static IEnumerable<string> MissingOptions(ParseResult parsed) => Needs
        .Where(need => IsGiven(parsed, need.Option) && !IsGiven(parsed, need.Other))
        .Select(need => $"{need.Option}: it needs {need.Other}; {need.Reason}");

    private static IEnumerable<string> MissingFiles(ParseResult parsed, Option option)
    {
        if (option.HelpName is not { } name || !name.EndsWith("FILE", StringComparison.Ordinal) || name.Contains('|', StringComparison.Ordinal) || parsed.GetResult(option) is not { } result)
            return [];
        return result.Tokens.Select(token => name == "FILE" ? token.Value : token.Value[(token.Value.IndexOf('=', StringComparison.Ordinal) + 1)..])
            .Where(file => !File.Exists(file)).Select(file => $"{option.Name}: there is no file `{file}`");
    }

    private static bool IsGiven(ParseResult parsed, string option) =>
        parsed.GetResult(option) is OptionResult { Implicit: false } result && (result.Option.ValueType != typeof(bool) || result.GetValueOrDefault<bool>());
}
