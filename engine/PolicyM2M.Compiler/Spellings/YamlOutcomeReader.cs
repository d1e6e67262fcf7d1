using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Reads the parts that cases, profiles and rules of a YAML policy have in common: outcomes, their fields, kinds, names and texts.</summary>
internal sealed class YamlOutcomeReader(SourceText file, YamlPieces pieces, PieceParser parser, Faults faults)
{
    /// <summary>The entries of a mapping; null, with a fault, where the value is none.</summary>
    /// <param name="value">The value.</param>
    /// <param name="key">The key that it is the value of.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="at">What to point at where a part is missing.</param>
    /// <param name="known">The keys that it may have; null for any.</param>
    public YamlParts? Parts(YamlNode value, string key, string expected, YamlNode at, string[]? known)
    {
        if (value is YamlMappingNode mapping)
            return new YamlParts(file, at, [.. YamlText.Entries(mapping, file, faults, known)], faults);
        Wrong(value, key, expected);
        return null;
    }

    /// <summary>Where the entries of a mapping stand that have these keys, and those of the answers among them.</summary>
    public ImmutableArray<EntryPlace> PlacesOf(YamlNode mapping, string[] keys)
    {
        var places = ImmutableArray.CreateBuilder<EntryPlace>();
        if (mapping is not YamlMappingNode { Children: { } children })
            return [];
        foreach ((YamlNode key, YamlNode value) in children)
        {
            if (key is not YamlScalarNode { Value: { } name } || !keys.Contains(name))
                continue;
            places.Add(PlaceOf(name, key, value));
            if (name is YamlKeys.Otherwise or YamlKeys.Always)
                places.AddRange(PlacesOf(value, YamlKeys.Answer));
        }
        return places.ToImmutable();
    }

    public EntryPlace PlaceOf(string key, YamlNode keyNode, YamlNode value) => new(key, value is YamlScalarNode ? pieces[keyNode].To(pieces[value]) : pieces[keyNode]);

    /// <summary>What <c>use</c> and <c>with</c> say; or, inline, the fields that stand beside <c>kind</c>.</summary>
    public OutcomeSyntax? Outcome(YamlParts parts, bool isInline)
    {
        YamlNode? with = parts.Value(YamlKeys.With);
        if (isInline && parts.Value(YamlKeys.Use) is null && with is null)
            return Fields(parts.Entries.Where(entry => entry.Key != YamlKeys.Kind)) is { } inline ? new OutcomeSyntax(null, inline) : null;
        if (isInline)
        {
            foreach ((string key, YamlNode node, _) in parts.Entries.Where(entry => entry.Key is not (YamlKeys.Kind or YamlKeys.Use or YamlKeys.With)))
                faults.UnknownKey(file, YamlText.SpanOf(node, file), key, [YamlKeys.Kind, YamlKeys.Use, YamlKeys.With]);
        }
        if (parts.Required(YamlKeys.Use, "a profile's name or a mapping of fields") is not { } use)
            return null;
        if (use is not YamlScalarNode)
        {
            if (with is not null)
                Wrong(with, YamlKeys.With, "a profile's name under `use` beside it");
            return Body(use, YamlKeys.Use) is { } fields ? new OutcomeSyntax(null, fields) : null;
        }
        ImmutableArray<FieldSyntax>? changes = with is null ? [] : Body(with, YamlKeys.With);
        return Name(use, YamlKeys.Use) is { } profile && changes is { } read ? new OutcomeSyntax(profile, read) : null;
    }

    public DecisionKind? Kind(YamlParts parts)
    {
        if (parts.Required(YamlKeys.Kind, "the kind of decision: cipher-suites, auth or rotation") is not { } value)
            return null;
        if (value is YamlScalarNode { Value: { } text } && text.Trim() == text)
            return parser.TryKind(pieces[value], out DecisionKind kind) ? kind : null;
        Wrong(value, YamlKeys.Kind, "cipher-suites, auth or rotation");
        return null;
    }

    public NameSyntax? Name(YamlNode value, string key)
    {
        if (IsName(value))
            return parser.TryName(pieces[value], out NameSyntax name) ? name : null;
        Wrong(value, key, ExpectedName(value));
        return null;
    }

    /// <summary>A name that the file gives.</summary>
    public NameSyntax? GivenName(YamlNode value, string key)
    {
        if (IsName(value))
            return parser.TryGivenName(pieces[value], out NameSyntax name) ? name : null;
        Wrong(value, key, ExpectedName(value));
        return null;
    }

    /// <summary>Whether a value is a text that could be a name: neither none nor a truth, and without blanks around it.</summary>
    private static bool IsName(YamlNode value) =>
        value is YamlScalarNode { Value: { } text } && !YamlText.IsNull(value) && YamlText.Truth(value) is null && text.AsSpan().Trim(" \t\r\n").Length == text.Length;

    private static string ExpectedName(YamlNode value) => value is YamlScalarNode { Value.Length: > 0 } scalar && (YamlText.IsNull(value) || YamlText.Truth(value) is not null)
        ? $"a name; where `{scalar.Value}` is one it stands in quotes"
        : value is YamlScalarNode { Value.Length: > 0 } ? "a name without blanks around it" : "a name";

    /// <summary>A text, which may be empty only where quotes say so.</summary>
    public string? Text(YamlNode value, string key)
    {
        if (value is YamlScalarNode scalar && !YamlText.IsNull(scalar))
            return scalar.Value ?? "";
        Wrong(value, key, "a text");
        return null;
    }

    /// <summary>A mapping of fields; or a list of such mappings, for a field that is given twice.</summary>
    public ImmutableArray<FieldSyntax>? Body(YamlNode body, string key)
    {
        const string Expected = "a mapping of fields such as { versions: [1.3], fresh-for: 1h }";
        if (body is not YamlSequenceNode several)
            return Parts(body, key, Expected, body, known: null) is { } parts ? Fields(parts.Entries) : null;
        var fields = ImmutableArray.CreateBuilder<FieldSyntax>();
        foreach (YamlNode item in several.Children)
        {
            if (Parts(item, key, Expected, item, known: null) is not { } parts || Fields(parts.Entries) is not { } some)
                return null;
            fields.AddRange(some);
        }
        return Checked(fields.ToImmutable());
    }

    private ImmutableArray<FieldSyntax>? Fields(IEnumerable<(string Key, YamlNode KeyNode, YamlNode Value)> entries)
    {
        var fields = ImmutableArray.CreateBuilder<FieldSyntax>();
        bool isRead = true;
        foreach ((string key, YamlNode keyNode, YamlNode value) in entries)
        {
            if (parser.TryName(pieces[keyNode], out NameSyntax name) && Field(name, key, value) is { } field)
                fields.Add(field);
            else
                isRead = false;
        }
        return isRead ? Checked(fields.ToImmutable()) : null;
    }

    private ImmutableArray<FieldSyntax>? Checked(ImmutableArray<FieldSyntax> fields)
    {
        if (PieceParser.FirstTakenForValue(fields) is not { } stray)
            return fields;
        faults.Unexpected(pieces.Text, stray.Name.Span, $"`{stray.Name.Text}`", "the name of a field");
        return null;
    }

    /// <summary>A field's value is written as in <c>.m2m</c>; its items may be those of a YAML list, too.</summary>
    private FieldSyntax? Field(NameSyntax name, string key, YamlNode value)
    {
        switch (value)
        {
            case YamlScalarNode when YamlText.Truth(value) == true:
                return new FieldSyntax(name, [], null);
            case YamlScalarNode { Value.Length: > 0 } when !YamlText.IsNull(value) && YamlText.Truth(value) is null:
                return parser.TryField(name, pieces[value], out FieldSyntax? field) ? field : null;
            case YamlSequenceNode { Children.Count: > 0 } list:
                var values = ImmutableArray.CreateBuilder<AtomSyntax>();
                foreach (YamlNode item in list.Children)
                {
                    if (item is not YamlScalarNode || YamlText.IsNull(item) || YamlText.Truth(item) is not null)
                        Wrong(item, key, "a value");
                    else if (parser.TryValue(pieces[item], out AtomSyntax? atom))
                        values.Add(atom);
                }
                return values.Count == list.Children.Count ? new FieldSyntax(name, values.ToImmutable(), null) : null;
            default:
                Wrong(value, key, "a value, or a list of values");
                return null;
        }
    }

    private void Wrong(YamlNode value, string key, string expected) => faults.WrongValue(file, YamlText.SpanOf(value, file), key, expected);
}
