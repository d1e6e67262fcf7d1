using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Sets;

/// <summary>Reads an attribute schema.</summary>
internal sealed class AttributeSchemaReader
{
    private const string Enumeration = "enum";
    private const string Default = "default";
    private const string AgeOf = "age-of";

    private static readonly string[] TopKeys = ["attributes"];
    private static readonly string[] Keys = ["type", "values", "minimum", "maximum", "provenance", "description", "default", "age-of"];
    private static readonly string[] TypeNames = ["bool", "int", "string", Enumeration, "version", "duration", "instant", "address", "set"];

    private readonly SourceText _source;
    private readonly Faults _faults;
    private readonly Dictionary<string, YamlNode> _ages = new(StringComparer.Ordinal);

    private AttributeSchemaReader(SourceText source, Faults faults)
    {
        _source = source;
        _faults = faults;
    }

    /// <summary>
    /// The attributes, in ordinal order of their names; those with faults are reported, and kept as far as they make sense. Default where the file is no schema at all: then nobody can say which there are.
    /// </summary>
    public static ImmutableArray<AttributeDefinition> Read(SourceText source, Faults faults) => new AttributeSchemaReader(source, faults).Schema();

    private ImmutableArray<AttributeDefinition> Schema()
    {
        if (YamlText.Mapping(_source, _faults) is not { } root)
            return default;
        var attributes = new List<AttributeDefinition>();
        bool found = false;
        foreach ((string key, _, YamlNode value) in YamlText.Entries(root, _source, _faults, TopKeys))
        {
            found = true;
            if (value is not YamlMappingNode mapping)
            {
                _faults.WrongValue(_source, YamlText.SpanOf(value, _source), key, "a mapping of attribute names to their definitions");
                continue;
            }
            foreach ((string name, YamlNode nameNode, YamlNode definition) in YamlText.Entries(mapping, _source, _faults, known: null))
            {
                if (!IsName(name))
                    _faults.NoAttributeName(_source, YamlText.SpanOf(nameNode, _source), name, "words of letters, digits, `_` and single `-`, each beginning with a letter, joined by dots");
                else if (Grammar.IsReserved(name))
                    _faults.NoAttributeName(_source, YamlText.SpanOf(nameNode, _source), name, $"another name: in a policy `{name}` is a word of the language");
                else if (definition is YamlMappingNode fields)
                    attributes.Add(Attribute(name, nameNode, fields));
                else
                    _faults.WrongValue(_source, YamlText.SpanOf(definition, _source), name, "a definition such as { type: bool, provenance: claimed, description: … }");
            }
        }
        if (!found)
            _faults.MissingKey(_source, new Span(0, 1), "attributes", "the attributes that contexts may hold");
        CheckAges(attributes);
        return [.. attributes.OrderBy(attribute => attribute.Name, StringComparer.Ordinal)];
    }

    /// <summary>Only an instant has an age, and only a duration is one; what is not is no age.</summary>
    private void CheckAges(List<AttributeDefinition> attributes)
    {
        for (int i = 0; i < attributes.Count; i++)
        {
            if (attributes[i].AgeOf is not { } source)
                continue;
            AttributeDefinition? instant = attributes.Find(attribute => attribute.Name == source);
            if (attributes[i].Type == AttributeType.Duration && instant?.Type == AttributeType.Instant && instant.Provenance == attributes[i].Provenance)
                continue;
            _faults.WrongValue(_source, YamlText.SpanOf(_ages[attributes[i].Name], _source), AgeOf,
                "the name of an instant attribute of the same provenance, in the definition of a duration");
            attributes[i] = attributes[i] with { AgeOf = null };
        }
    }

    private AttributeDefinition Attribute(string name, YamlNode nameNode, YamlMappingNode fields)
    {
        Dictionary<string, YamlNode> given = YamlText.Entries(fields, _source, _faults, Keys).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);
        foreach ((string key, string meaning) in new[]
        {
            ("type", "the type of its values"), ("provenance", "who may say its value"), ("description", "what it means"),
        })
        {
            if (!given.ContainsKey(key))
                _faults.MissingKey(_source, YamlText.SpanOf(nameNode, _source), key, meaning);
        }

        string typeName = Choice(given, "type", TypeNames) ?? "string";
        AttributeType type = typeName == Enumeration ? AttributeType.String : Enum.Parse<AttributeType>(typeName, ignoreCase: true);
        string provenance = Choice(given, "provenance", ["claimed", "attested", "registry"]) ?? "registry";
        string description = given.TryGetValue("description", out YamlNode? node) && YamlText.TryText(node, "description", _source, _faults, out string? text) ? text : "";
        long? minimum = Limit(given, "minimum", type), maximum = Limit(given, "maximum", type);
        if (minimum > maximum)
            _faults.EmptyRange(_source, YamlText.SpanOf(given["minimum"], _source));
        string? age = null;
        if (given.TryGetValue(AgeOf, out YamlNode? ageNode) && YamlText.TryText(ageNode, AgeOf, _source, _faults, out string? instant))
        {
            age = instant;
            _ages[name] = ageNode;
        }
        var definition = new AttributeDefinition(name, type, Enum.Parse<Provenance>(provenance, ignoreCase: true), description, minimum, maximum,
            Values(given, typeName, nameNode), AgeOf: age);
        return given.TryGetValue(Default, out YamlNode? standard) ? definition with { Default = Standard(standard, definition) } : definition;
    }

    /// <summary>
    /// A default must be a value of the attribute, and of one that devices say themselves: what they leave out they could as well have said. Where the
    /// registry or a verifier speaks, silence means that it could not be asked, and a default would loosen the answer just then. An age has none.
    /// </summary>
    private AttributeValue? Standard(YamlNode node, AttributeDefinition definition)
    {
        bool isClaimed = definition.Provenance == Provenance.Claimed;
        // A schema is written once, as a policy is; only what a device reports may have leading zeros.
        bool isPlain = definition.Type != AttributeType.Version || node is not YamlScalarNode { Value: { } text } || VersionText.WithoutLeadingZeros(text) == text;
        if (isClaimed && isPlain && YamlAttributeValue.Read(node, definition) is { } usable)
            return usable;
        _faults.WrongValue(_source, YamlText.SpanOf(node, _source), Default,
            !isPlain ? "a version whose numbers have no leading zeros, such as 2.4.0"
            : isClaimed ? YamlAttributeValue.Expected(definition)
            : "nothing: only a claimed attribute has a default, since what a registry or a verifier does not say could be anything");
        return null;
    }

    private string? Choice(Dictionary<string, YamlNode> given, string key, string[] choices)
    {
        if (!given.TryGetValue(key, out YamlNode? node))
            return null;
        string? text = (node as YamlScalarNode)?.Value;
        if (text is not null && choices.Contains(text))
            return text;
        _faults.WrongValue(_source, YamlText.SpanOf(node, _source), key, $"one of {string.Join(", ", choices)}");
        return null;
    }

    private long? Limit(Dictionary<string, YamlNode> given, string key, AttributeType type)
    {
        if (!given.TryGetValue(key, out YamlNode? node))
            return null;
        string text = (node as YamlScalarNode)?.Value ?? "";
        long limit = 0;
        bool isRead = type switch
        {
            AttributeType.Int => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out limit),
            AttributeType.Duration => DurationText.TryParse(text, out limit),
            _ => false,
        };
        if (isRead)
            return limit;
        _faults.WrongValue(_source, YamlText.SpanOf(node, _source), key, type switch
        {
            AttributeType.Int => $"a whole number from {long.MinValue} to {long.MaxValue}",
            AttributeType.Duration => $"a duration such as 30d, of at most {DurationText.Format(DurationText.MaximumSeconds)}",
            _ => "nothing: only an int or a duration has limits",
        });
        return null;
    }

    private ImmutableArray<string> Values(Dictionary<string, YamlNode> given, string typeName, YamlNode nameNode)
    {
        if (!given.TryGetValue("values", out YamlNode? node))
        {
            if (typeName == Enumeration)
                _faults.MissingKey(_source, YamlText.SpanOf(nameNode, _source), "values", "the values of the enumeration");
            return [];
        }
        if (typeName is not (Enumeration or "set") || node is not YamlSequenceNode { Children.Count: > 0 } list)
        {
            _faults.WrongValue(_source, YamlText.SpanOf(node, _source), "values", typeName is Enumeration or "set" ? "a list of texts" : "nothing: only an enum and a set have values");
            return [];
        }
        var values = ImmutableArray.CreateBuilder<string>();
        foreach (YamlNode item in list.Children)
        {
            if (!YamlText.TryText(item, "values", _source, _faults, out string? text))
                continue;
            if (values.Contains(text))
                _faults.GivenTwice(_source, YamlText.SpanOf(item, _source), $"the value `{text}`");
            else
                values.Add(text);
        }
        return values.ToImmutable();
    }

    private static bool IsName(string name) => name.Split('.').All(word =>
        word.Length > 0 && char.IsAsciiLetter(word[0]) && char.IsAsciiLetterOrDigit(word[^1])
        && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && !word.Contains("--", StringComparison.Ordinal));
}
