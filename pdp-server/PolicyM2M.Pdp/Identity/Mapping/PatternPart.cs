using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>One segment, label or value of a pattern.</summary>
internal abstract record PatternPart
{
    public const string Capture = "{name}";

    /// <summary>Longer names are no device's.</summary>
    public const int MaximumNameLength = 256;

    private PatternPart()
    {
    }

    /// <summary>This text and no other.</summary>
    internal sealed record Literal(string Text) : PatternPart;

    /// <summary>Any one: <c>*</c>.</summary>
    internal sealed record Any : PatternPart;

    /// <summary>Any one that can be the name of a device, and it becomes the caller's: <c>{name}</c>.</summary>
    internal sealed record Name : PatternPart;

    /// <summary>Whether a text is this part; a captured one is put into <paramref name="name"/>.</summary>
    public bool Takes(string text, ref string name)
    {
        switch (this)
        {
            case Literal literal:
                return literal.Text == text;
            case Name when text.Length <= MaximumNameLength && SpiffeId.IsSegment(text):
                name = text;
                return true;
            case Name:
                return false;
            default:
                return text.Length > 0;
        }
    }
}
