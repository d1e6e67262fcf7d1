using System.Globalization;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>Gives a literal the type of the attribute that it is compared with.</summary>
internal static class LiteralBinder
{
    /// <summary>The value; null, with a fault, where the literal cannot be one of the attribute's.</summary>
    public static AttributeValue? Bind(AtomSyntax literal, AttributeDefinition attribute, SourceText source, Faults faults)
    {
        var coding = new AttributeCoding(attribute, []);
        if (literal.Kind == M2MToken.Number && !IsWellFormed(literal.Text))
        {
            faults.MalformedLiteral(source, literal);
            return null;
        }
        // What a device reports is read leniently; a policy is written once, and read by many.
        if (attribute.Type == AttributeType.Version && literal.Kind == M2MToken.Number && VersionText.WithoutLeadingZeros(literal.Text) is var version && version != literal.Text)
        {
            faults.LeadingZeros(source, literal, version);
            return null;
        }
        if (Typed(literal, attribute) is not { } value)
        {
            faults.WrongType(source, literal, attribute, coding.Expected);
            return null;
        }
        if (coding.TryEncode(value, out _))
            return value;
        if (attribute.Values.Length > 0)
            faults.NotInEnumeration(source, literal, attribute);
        else
            faults.OutOfRange(source, literal, attribute, coding.Expected);
        return null;
    }

    /// <summary>Whether a number token is of any type at all.</summary>
    public static bool IsWellFormed(string text) =>
        TryInteger(text, out _) || IsVersion(text) || DurationText.TryParse(text, out _) || Fraction.TryParse(text, out _)
        || InstantText.TryParse(text, out _) || AddressBlock.TryParse(text, out _) || TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static AttributeValue? Typed(AtomSyntax literal, AttributeDefinition attribute) => (attribute.Type, literal.Kind) switch
    {
        (AttributeType.Bool, M2MToken.Name) => AttributeValue.Of(literal.Text == "true"),
        (AttributeType.Int, M2MToken.Number) when TryInteger(literal.Text, out long number) => AttributeValue.Of(number),
        (AttributeType.String, M2MToken.String) => AttributeValue.Of(literal.Value),
        (AttributeType.Version, M2MToken.Number) when IsVersion(literal.Text) || TryInteger(literal.Text, out _) => AttributeValue.Of(literal.Text),
        (AttributeType.Instant, M2MToken.Number) when InstantText.TryParse(literal.Text, out _) => AttributeValue.Of(literal.Text),
        (AttributeType.Address, M2MToken.Number) when AddressBlock.TryParseAddress(literal.Text, out _) => AttributeValue.Of(literal.Text),
        (AttributeType.Duration, M2MToken.Number) when DurationText.TryParse(literal.Text, out _) => AttributeValue.Of(literal.Text),
        _ => null,
    };

    private static bool TryInteger(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static bool IsVersion(string text) => text.Contains('.', StringComparison.Ordinal) && SemanticVersion.TryParse(text, out _);
}
