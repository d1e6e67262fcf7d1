using System.Text;
using PolicyM2M.Emitters.Names;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>The lines of a file that is being written. Lines end as Unix ends them.</summary>
internal sealed class Lines
{
    private readonly StringBuilder _text = new();

    /// <summary>What every file begins with, as comments.</summary>
    public const string Origin = "Made by PolicyM2M from a decision. It is not edited but made anew.";

    public Lines Add(string line)
    {
        _text.Append(line).Append('\n');
        return this;
    }

    /// <summary>Adds the line where something is so.</summary>
    public Lines AddIf(bool condition, string line) => condition ? Add(line) : this;

    public override string ToString() => _text.ToString();

    /// <summary>The names in the words of the stack, with a separator between them.</summary>
    public static string Join(IEnumerable<StackName> names, string separator = ":") => string.Join(separator, names.Select(name => name.Native));

    /// <summary>Somebody else's words for a comment: on one line, and nothing in it that ends a comment or begins anything.</summary>
    public static string Harmless(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (char c in text.Length > 400 ? text.AsSpan(0, 400) : text)
            plain.Append(char.IsAsciiLetterOrDigit(c) || " .,:;-_()`'".Contains(c, StringComparison.Ordinal) ? c : ' ');
        return plain.ToString();
    }
}
