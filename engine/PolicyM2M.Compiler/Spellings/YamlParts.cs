using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>The entries of one mapping by their keys: a case, a rule, a profile.</summary>
internal sealed class YamlParts(SourceText file, YamlNode at, IReadOnlyList<(string Key, YamlNode KeyNode, YamlNode Value)> entries, Faults faults)
{
    public int Count => entries.Count;

    public IReadOnlyList<(string Key, YamlNode KeyNode, YamlNode Value)> Entries => entries;

    /// <summary>Where to point at when something is missing: the first character.</summary>
    public Span Span => YamlText.SpanOf(at, file) with { Length = 1 };

    public YamlNode? Key(string key) => entries.FirstOrDefault(entry => entry.Key == key).KeyNode;

    public YamlNode? Value(string key) => entries.FirstOrDefault(entry => entry.Key == key).Value;

    /// <summary>A value that must be there; null, with a fault, where it is not.</summary>
    public YamlNode? Required(string key, string meaning)
    {
        if (Value(key) is not { } value)
            faults.MissingKey(file, Span, key, meaning);
        else
            return value;
        return null;
    }
}
