using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>
/// What is wrong with a command line, in the words of its user. The library takes a misspelt option for an argument and then complains of what
/// comes after it, and of a misspelt command says that one is missing.
/// </summary>
internal static class UsageError
{
    /// <summary>The faults, the first of them the cause; empty where the command can run.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (Swallowed(parsed) is { } swallowed)
            return [swallowed];
        IEnumerable<string> arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).Concat(parsed.UnmatchedTokens);
        if (GivenTwice(parsed) is { } twice)
            return [twice];
        if (parsed.Action is not (null or ParseErrorAction) && parsed.Errors.Count == 0 && !arguments.Any(IsOption))
            return [];
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var name, ..] && !IsOption(name))
            return [$"there is no command `{name}`{(command is RootCommand ? "" : $" of {command.Name}")}{DidYouMean(name, command.Subcommands.Select(known => known.Name))}"];
        if (arguments.FirstOrDefault(IsOption) is { } option)
            return [$"there is no option `{option}` of {command.Name}{DidYouMean(option, command.Options.Where(known => !known.Hidden).Select(known => known.Name))}"];
        // The library speaks in the language of the machine, and of its own classes. What is left after these is said by our own validators.
        string[] faults = [.. Missing(parsed), .. parsed.UnmatchedTokens.Select(token => $"`{token}` is one argument too many")];
        return faults.Length > 0 ? faults : [.. parsed.Errors.Select(error => error.Message).Distinct()];
    }

    private static IEnumerable<string> Missing(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0)
            yield return $"a command is missing: expected one of {string.Join(", ", command.Subcommands.Where(known => !known.Hidden).Select(known => known.Name))}";
        foreach (Argument argument in command.Arguments.Where(argument => (parsed.GetResult(argument)?.Tokens.Count ?? 0) < argument.Arity.MinimumNumberOfValues))
            yield return $"`{argument.Name}` is missing: {Described(argument)}";
        foreach (Option option in command.Options)
        {
            if (parsed.GetResult(option) is { Implicit: false } given)
            {
                if (given.Tokens.Count < option.Arity.MinimumNumberOfValues)
                    yield return $"`{option.Name}` needs a value: {Described(option)}";
            }
            else if (option.Required)
            {
                yield return $"`{option.Name}` is missing: {Described(option)}";
            }
        }
    }

    /// <summary>The first sentence of its description, as the end of another.</summary>
    private static string Described(Symbol symbol)
    {
        string description = symbol.Description ?? "";
        string first = description.Split([". ", "; "], 2, StringSplitOptions.None)[0].TrimEnd('.');
        return first.Length == 0 ? symbol.Name : char.ToLowerInvariant(first[0]) + first[1..];
    }

    /// <summary>An option without its value takes the next option for it: a file called `--json` would be written.</summary>
    private static string? Swallowed(ParseResult parsed)
    {
        return parsed.CommandResult.Children.OfType<OptionResult>().SelectMany(result => result.Tokens.Select(token => (result.Option.Name, token.Value)))
            .Where(pair => pair.Value.StartsWith("--", StringComparison.Ordinal)).Select(pair => $"`{pair.Name}` needs a value, and `{pair.Value}` looks like another option").FirstOrDefault();
    }

    /// <summary>One of two values would be passed over in silence. An option that takes several may be given several times.</summary>
    private static string? GivenTwice(ParseResult parsed) => parsed.CommandResult.Children.OfType<OptionResult>()
        .Where(result => result.IdentifierTokenCount > 1 && result.Option.Arity.MaximumNumberOfValues <= 1).Select(result => $"`{result.Option.Name}` is given twice; keep one of the two").FirstOrDefault();

    /// <summary>A hyphen alone is standard input.</summary>
    private static bool IsOption(string text) => text.Length > 1 && text.StartsWith('-');

    /// <summary>The hyphens before an option are no letters of it: they make no two options alike.</summary>
    private static string DidYouMean(string name, IEnumerable<string> known)
    {
        string hyphens = name[..^name.TrimStart('-').Length];
        return Spelling.Nearest(name[hyphens.Length..], known.Where(other => other.StartsWith(hyphens, StringComparison.Ordinal)).Select(other => other[hyphens.Length..])) is { } nearest
            ? $"; did you mean `{hyphens}{nearest}`?" : "";
    }
}
