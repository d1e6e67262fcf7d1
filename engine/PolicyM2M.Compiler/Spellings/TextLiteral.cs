using System.Text;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Texts in double quotes. What a reader could not see, or would see in another order, is written as an escape.</summary>
internal static class TextLiteral
{
    /// <summary>As a string of the policy language.</summary>
    public static string M2M(string text) => Quoted(text, VisibleText.Escape);

    /// <summary>As a double-quoted scalar of YAML.</summary>
    public static string Yaml(string text) => Quoted(text, rune => rune.Value <= 0xFFFF ? $"\\u{rune.Value:X4}" : $"\\U{rune.Value:X8}");

    private static string Quoted(string text, Func<Rune, string> escaped)
    {
        var quoted = new StringBuilder("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                _ => VisibleText.IsVisible(rune) ? rune.ToString() : escaped(rune),
            });
        }
        return quoted.Append('"').ToString();
    }
}
