using System.Collections.Frozen;
using PolicyM2M.Engine.Vocabulary;
using Superpower.Model;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>What authors mistype, or write by the habit of other languages, and what to write here instead.</summary>
internal static class Slips
{
    private const string Quoted = "a text stands in double quotes";

    private static readonly string[] Words =
    [
        "and", "or", "not", "in", "has", "within", "contains", "starts-with", "where", "when", "otherwise", "use", "deny", "with", "for", "zone",
        "policy", "define", "profile", "require", "forbid", "waive", "invariant", "always", "from", "until", "because", "approved-by",
        .. DecisionKinds.All.Select(kind => kind.Name()),
    ];

    private static readonly FrozenDictionary<string, string> Habits = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["if"] = "write `when`",
        ["unless"] = "write `when not`",
        ["then"] = "write `use` or `deny`",
        ["allow"] = "write `use` and what is allowed",
        ["permit"] = "write `use` and what is allowed",
        ["else"] = "write `otherwise`",
        ["default"] = "write `otherwise`",
        ["is"] = "write `==`",
        ["equals"] = "write `==`",
        ["let"] = "write `define`",
        ["between"] = "write `in`, such as `posture.risk in 1..5`",
        ["like"] = "write `starts-with` and how the text begins; there are no patterns",
        ["matches"] = "write `starts-with` and how the text begins; there are no patterns",
        ["rule"] = "write `require` or `forbid`, or a case of a block",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Signs = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["&"] = "write `and`",
        ["&&"] = "write `and`",
        ["|"] = "write `or`",
        ["||"] = "write `or`",
        ["!"] = "write `not`",
        ["#"] = "comments begin with `//`",
        [";"] = "nothing ends with a semicolon: take it out",
        ["≥"] = "write `>=`",
        ["≤"] = "write `<=`",
        ["≠"] = "write `!=`",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What to write instead of a sign that the language has not.</summary>
    public static string ForSign(string sign) => Signs.GetValueOrDefault(sign)
        ?? (sign is ['\'', _, ..] ? $"{Quoted}: \"{sign.Trim('\'')}\"" : $"{Quoted} (`\"`), and comments begin with `//`");

    /// <summary>What to write instead of the token at a place of a slice that cannot stand there; null where nothing is likely.</summary>
    /// <param name="slice">A declaration or case.</param>
    /// <param name="at">The place of the token.</param>
    /// <param name="expected">What could have stood there, in the words of the grammar.</param>
    public static string? ForToken(ArraySegment<Token<M2MToken>> slice, int at, IReadOnlyCollection<string> expected)
    {
        Token<M2MToken> token = slice[at];
        string text = token.ToStringValue();
        M2MToken kindBefore = at > 0 ? slice[at - 1].Kind : M2MToken.Invalid;
        string before = kindBefore == M2MToken.Name ? slice[at - 1].ToStringValue() : "";
        return token.Kind switch
        {
            M2MToken.Is when kindBefore == M2MToken.Equal => "write `==` to compare",
            M2MToken.Greater when kindBefore == M2MToken.Less => "write `!=`",
            M2MToken.OpenParenthesis when before is "in" => "a list stands in brackets: `in [ … ]`",
            M2MToken.OpenParenthesis when before is "has" => "write `has` and the name, without parentheses",
            M2MToken.Is or M2MToken.Colon when Grammar.IsField(before) => $"a field and its value stand side by side, without `{text}`",
            M2MToken.Is when before.Length > 0 && !expected.Contains("`:`") => "write `==` to compare",
            M2MToken.Equal when expected.Contains("`=`") => "write one `=` to define",
            M2MToken.OpenBracket when before is "contains" or "starts-with" => $"`{before}` takes one text: join two tests with `and` or `or`",
            M2MToken.Name when Grammar.IsField(text) && expected.Any(what => what.StartsWith("`{`", StringComparison.Ordinal)) => BracesOf(text),
            M2MToken.Name or M2MToken.Number or M2MToken.String when Grammar.IsField(before) && at > 1 && IsBeforeOutcome(slice[at - 2]) => BracesOf(before),
            M2MToken.Name when kindBefore == M2MToken.Number && text is "w" or "d" or "h" or "m" or "s" => "a number and its unit are written together, such as `30d`",
            M2MToken.Name when text is "true" or "false" && expected.Contains("a condition") => "a condition tests an attribute; what always holds is `otherwise`, or has no `when`",
            M2MToken.Name => ForName(text, expected),
            M2MToken.String or M2MToken.Number when expected.Contains("a name") => "a name begins with a letter and has no quotes, such as plant-7",
            M2MToken.String or M2MToken.Number when expected.Contains("a condition") => "an attribute stands on the left of its value, such as `time.now >= 2027-01-31`",
            _ => null,
        };
    }

    /// <summary>What to write after the last token of a slice that ends too early, or instead; null where nothing is likely.</summary>
    public static string? ForEnd(ArraySegment<Token<M2MToken>> slice) => slice[^1].ToStringValue() switch
    {
        "contains" or "starts-with" => $"such as: {slice[^1].ToStringValue()} \"…\"",
        var text when slice.Count > 1 && Slices.Is(slice[^2], "in") && slice[^1].Kind == M2MToken.Number =>
            AddressBlock.TryParse(text, out _) ? $"for a block write `within {text}`" : $"a list stands in brackets: `in [{text}]`",
        _ => null,
    };

    /// <summary>How what the clock shows is asked for.</summary>
    public static string ExampleOf(string clockName) => clockName switch
    {
        "time.of-day" => "`time.of-day in 22:00..06:00`",
        "time.weekday" => "`time.weekday in [sat, sun]`",
        _ => "`time.now >= 2027-01-31`",
    };

    private static string BracesOf(string field) => $"the fields of an outcome stand in braces: {{ {field} … }}";

    private static bool IsBeforeOutcome(Token<M2MToken> token) => token.Kind == M2MToken.Name
        && (token.ToStringValue() is "use" or "with" or "always" || DecisionKinds.TryParse(token.ToStringValue(), out _));

    private static string? ForName(string name, IReadOnlyCollection<string> expected)
    {
        if (Habits.TryGetValue(name, out string? habit))
            return habit;
        if (Words.Contains(name))
            return expected.Contains("a name") ? $"`{name}` is a word of the language, and cannot be a name" : null;
        if (name.Length > 2 && (Spelling.Nearest(name, expected.Select(Word).OfType<string>()) ?? Spelling.Nearest(name, Words)) is { } nearest)
            return $"did you mean `{nearest}`?";
        return expected.Contains("a string") || expected.Contains("a literal") ? $"{Quoted}: \"{name}\"" : null;
    }

    /// <summary>The word that an expectation such as <c>`when`</c> names; null where it names none.</summary>
    private static string? Word(string expected) => expected is ['`', .. var word, '`'] && char.IsAsciiLetter(word[0]) ? word : null;
}
