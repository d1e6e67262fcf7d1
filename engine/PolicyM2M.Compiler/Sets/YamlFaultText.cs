namespace PolicyM2M.Compiler.Sets;

/// <summary>Why a text is no YAML, in words that an author of policies knows. The library speaks of its own insides, so its message only chooses among ours.</summary>
internal static class YamlFaultText
{
    private static readonly (string Sign, string Words)[] Known =
    [
        ("duplicate key", "a key is given twice in one mapping"),
        ("same key", "a key is given twice in one mapping"),
        ("tab", "a tab cannot indent: write spaces"),
        ("escape", "a text in double quotes has an escape that is no character"),
        ("surrogate", "a text in double quotes has an escape that is no character"),
        ("hexadecimal", "a text in double quotes has an escape that is no character"),
        ("quoted scalar", "a text in quotes is not closed, or is continued with less indentation"),
        ("',' or ']'", "expected `,` or `]`: a list in brackets is not closed"),
        ("',' or '}'", "expected `,` or `}`: a mapping in braces is not closed"),
        ("expected ':'", "expected `:` and a value after a key"),
        ("expected key", "expected a key, as far to the right as those before it"),
        ("'-' indicator", "expected `-` and an item, as far to the right as those before it"),
        ("mapping values are not allowed", "a key and its value cannot stand here; a text that holds `: ` stands in quotes"),
        ("mapping keys are not allowed", "a key cannot stand here"),
        ("invalid mapping", "a key and its value cannot stand here; a text that holds `: ` stands in quotes"),
        ("sequence entries are not allowed", "an item of a list cannot stand here: begin a new line; a text that begins with `-` stands in quotes"),
        ("cannot start any token", "a text that begins with this sign stands in quotes"),
        ("block scalar", "what follows `|` or `>` is not indented as a text is"),
        ("directive", "a file of policies has no directives, which begin with `%`"),
        ("anchor", "a name after `&` or `*` is missing, or means nothing"),
        ("alias", "a name after `&` or `*` is missing, or means nothing"),
        ("tag", "a file of policies has no tags, which begin with `!`; a text that does stands in quotes"),
        ("comment", "a comment cannot stand here"),
        ("end of the stream", "it ends too early"),
        ("document", "expected one document"),
    ];

    /// <summary>Our words for the library's.</summary>
    public static string Of(string message)
    {
        foreach ((string sign, string words) in Known)
        {
            if (message.Contains(sign, StringComparison.OrdinalIgnoreCase))
                return words;
        }
        return "it cannot be read from here on; is a bracket, a quote or an indentation wrong?";
    }
}
