using System.Text;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Registry;

/// <summary>What may be said of a device. One place for whoever writes: an RPC and an import refuse the same, in the same words.</summary>
public static class DeviceRules
{
    /// <summary>The most attributes of one device.</summary>
    public const int MaximumAttributes = 256;

    /// <summary>The longest id.</summary>
    public const int MaximumIdLength = 256;

    /// <summary>The longest name of an attribute.</summary>
    public const int MaximumNameLength = 128;

    /// <summary>The longest text of a value, of a site, or of a reason, in bytes of UTF-8.</summary>
    public const int MaximumTextBytes = 1_024;

    /// <summary>The most texts of a set.</summary>
    public const int MaximumSetItems = 256;

    /// <summary>The highest risk.</summary>
    public const int MaximumRisk = 100;

    /// <summary>What an id should be, where this is none; null where it is. An id is one segment of the path of a SPIFFE ID (SPIFFE-ID, section 2.2).</summary>
    public static string? FaultOfId(string id) =>
        string.IsNullOrEmpty(id) || id.Length > MaximumIdLength || id is "." or ".." || !IsWord(id)
            ? $"`{Printable(id)}` cannot be the id of a device; expected 1 to {MaximumIdLength} letters, digits, `.`, `-` and `_`" : null;

    /// <summary>What a name of an attribute should be, where this is none; null where it is.</summary>
    public static string? FaultOfName(string name) =>
        string.IsNullOrEmpty(name) || name.Length > MaximumNameLength || !IsWord(name)
            ? $"`{Printable(name)}` cannot be the name of an attribute; expected 1 to {MaximumNameLength} letters, digits, `.`, `-` and `_`" : null;

    /// <summary>What a text should be, where this is none; null where it is. <paramref name="what"/> begins the sentence.</summary>
    public static string? FaultOfText(string what, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encoding.UTF8.GetByteCount(text) > MaximumTextBytes ? $"{what} is longer than {MaximumTextBytes} bytes"
            : text.Any(char.IsControl) ? $"{what} has control characters; expected text of one line"
            : null;
    }

    /// <summary>What a risk should be, where this is none; null where it is.</summary>
    public static string? FaultOfRisk(long risk) => risk is < 0 or > MaximumRisk ? $"{risk} is no risk; expected a whole number from 0 to {MaximumRisk}" : null;

    /// <summary>What the value of an attribute should be, where this is none; null where it is.</summary>
    public static string? FaultOfValue(string name, AttributeValue value) => value.Kind switch
    {
        AttributeValueKind.Boolean or AttributeValueKind.Integer => null,
        AttributeValueKind.Text => FaultOfText($"the value of `{name}`", value.Text),
        AttributeValueKind.Set when value.Texts.Length > MaximumSetItems => $"`{name}` has {value.Texts.Length} texts, and at most {MaximumSetItems} may be given",
        AttributeValueKind.Set => value.Texts.Select(text => FaultOfText($"a text of `{name}`", text)).FirstOrDefault(fault => fault is not null),
        _ => $"`{name}` is {Printable(value.ToString())}; expected true or false, a whole number, a text or texts",
    };

    /// <summary>Holds what is known of a device against the attribute schema of a policy set.</summary>
    /// <returns>The attributes that the schema cannot use, with what it expects, and those that it does not know, without; columns of the registry need not be known.</returns>
    public static IEnumerable<(string Name, string? Expected)> Review(Decider decider, DeviceContext context)
    {
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentNullException.ThrowIfNull(context);
        return decider.Prepare(context).Unusable
            .Where(value => !value.IsUnknown || !(AttributeNames.IsColumn(value.Name) || value.Name == AttributeNames.Compromised))
            .Select(value => (value.Name, value.IsUnknown ? null : value.Expected));
    }

    /// <summary>A text in a message: as much as people need, and nothing that steers a terminal.</summary>
    internal static string Printable(string? text) => string.Concat((text ?? "").EnumerateRunes().Take(80).Select(rune => PlainLine.Steers(rune) ? "?" : rune.ToString()));

    private static bool IsWord(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
