using PolicyM2M.Pdp.Auditing;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Why somebody is refused. The log of the server names whom a certificate names; a record of the audit log does not where that knows devices by pseudonyms only.</summary>
/// <param name="Text">For people.</param>
/// <param name="Nameless">The same without the names and thumbprints of a certificate, by which a device could be told.</param>
internal readonly record struct RefusalWords(string Text, string Nameless)
{
    /// <summary>Words that name nobody.</summary>
    public RefusalWords(string text)
        : this(text, text)
    {
    }

    /// <summary>The words for a record.</summary>
    public string For(Pseudonyms pseudonyms) => pseudonyms.AreUsed ? Nameless : Text;
}
