using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Keys and their values, as lines of a page of YAML.</summary>
internal sealed class YamlEntries(Page page)
{
    /// <summary>A key and a value that stands on its line.</summary>
    public void Add(int indentation, string key, string value) => page.Add(indentation, $"{key}: {value}");

    /// <summary>A key and the condition that it names.</summary>
    public void Condition(int indentation, string key, ConditionSyntax condition) => Fill(indentation, key, YamlScalar.Of(ConditionText.Segments(condition)));

    /// <summary>A key and a value that may take several lines.</summary>
    /// <param name="indentation">That of the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="segments">The value, in segments between which a line may end.</param>
    public void Fill(int indentation, string key, ImmutableArray<string> segments)
    {
        IReadOnlyList<string> lines = Page.Fill(segments, indentation + key.Length + 2, indentation + 4);
        for (int i = 0; i < lines.Count; i++)
            page.Add(i == 0 ? indentation : indentation + 4, i == 0 ? $"{key}: {lines[i]}" : lines[i]);
    }
}
