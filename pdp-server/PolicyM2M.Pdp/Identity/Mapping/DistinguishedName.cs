using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Text;

namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>One attribute of a distinguished name.</summary>
/// <param name="Type">Its type as an object identifier.</param>
/// <param name="Value">Its value as text.</param>
internal readonly record struct NameAttribute(string Type, string Value);

/// <summary>
/// A distinguished name as its parts, in the order in which RFC 4514 writes them: the most specific first. Names are compared part by part and never as text, in which the
/// value of one attribute can look like two.
/// </summary>
internal sealed class DistinguishedName : IEquatable<DistinguishedName>
{
    private readonly string _text;

    private DistinguishedName(IReadOnlyList<IReadOnlyList<NameAttribute>> parts)
    {
        Parts = parts;
        _text = string.Join(',', parts.Select(part => string.Join('+', part.Select(attribute => $"{AttributeTypes.NameOf(attribute.Type)}={Escape(attribute.Value)}"))));
    }

    /// <summary>The relative distinguished names; each has one attribute, seldom more.</summary>
    public IReadOnlyList<IReadOnlyList<NameAttribute>> Parts { get; }

    /// <summary>Reads a name as certificates hold it; false where it holds a value that is no text.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> encoded, [NotNullWhen(true)] out DistinguishedName? name)
    {
        List<IReadOnlyList<NameAttribute>> parts = [];
        try
        {
            AsnReader sequence = new AsnReader(encoded, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                // Issuers exist that do not sort the set.
                AsnReader set = sequence.ReadSetOf(skipSortOrderValidation: true);
                List<NameAttribute> part = [];
                while (set.HasData)
                {
                    AsnReader attribute = set.ReadSequence();
                    string type = attribute.ReadObjectIdentifier();
                    part.Add(new NameAttribute(type, attribute.ReadCharacterString((UniversalTagNumber)attribute.PeekTag().TagValue)));
                }
                parts.Insert(0, part);
            }
        }
        catch (Exception fault) when (fault is AsnContentException or ArgumentException)
        {
            name = null;
            return false;
        }
        name = new DistinguishedName(parts);
        return true;
    }

    public bool Equals(DistinguishedName? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as DistinguishedName);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    /// <summary>By RFC 4514, with everything escaped that is not printable ASCII: the text goes into logs.</summary>
    public override string ToString() => _text;

    private static string Escape(string value)
    {
        var text = new StringBuilder();
        foreach (Rune rune in value.EnumerateRunes())
        {
            bool isPrintable = rune.Value is > 0x20 and < 0x7F || (rune.Value == 0x20 && text.Length > 0);
            if (isPrintable && !"\"+,;<>\\#=".Contains((char)rune.Value, StringComparison.Ordinal))
                text.Append((char)rune.Value);
            else
            {
                foreach (byte octet in Encoding.UTF8.GetBytes(rune.ToString()))
                    text.Append($"\\{octet:X2}");
            }
        }
        return text.ToString();
    }
}
