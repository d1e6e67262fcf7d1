using System.Globalization;
using PolicyM2M.Engine.Contexts;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Sets;

/// <summary>Reads a value of an attribute from YAML.</summary>
internal static class YamlAttributeValue
{
    /// <summary>The value; null where the node is none that the attribute can have. An age follows from its instant, so it has none.</summary>
    public static AttributeValue? Read(YamlNode node, AttributeDefinition attribute)
    {
        AttributeValue? value = (attribute.Type, node) switch
        {
            _ when attribute.AgeOf is not null || YamlText.IsNull(node) => null,
            (AttributeType.Bool, YamlScalarNode) when YamlText.Truth(node) is { } truth => AttributeValue.Of(truth),
            (AttributeType.Bool, YamlScalarNode { Value: "true" or "false" } quoted) => AttributeValue.Of(quoted.Value == "true"),
            (AttributeType.Int, YamlScalarNode number) when long.TryParse(number.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n) => AttributeValue.Of(n),
            (AttributeType.Set, YamlSequenceNode list) when list.Children.All(item => item is YamlScalarNode && !YamlText.IsNull(item)) =>
                AttributeValue.Of(list.Children.Select(item => ((YamlScalarNode)item).Value ?? "")),
            (not (AttributeType.Bool or AttributeType.Int or AttributeType.Set), YamlScalarNode text) => AttributeValue.Of(text.Value ?? ""),
            _ => null,
        };
        return value is { } given && new AttributeCoding(attribute, []).TryEncode(given, out _) ? value : null;
    }

    /// <summary>What the attribute's values look like, for people.</summary>
    public static string Expected(AttributeDefinition attribute) =>
        attribute.AgeOf is { } instant ? $"nothing: an age follows from its instant, `{instant}`" : new AttributeCoding(attribute, []).Expected;
}
