using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>Which identities an entry of the roles file is about. Immutable.</summary>
internal abstract record IdentityPattern
{
    private IdentityPattern()
    {
    }

    /// <summary>SPIFFE IDs of one trust domain: as many segments, each as its part says.</summary>
    internal sealed record OfSpiffe(string TrustDomain, IReadOnlyList<PatternPart> Segments) : IdentityPattern
    {
        /// <summary>The name that is captured, empty where none is; null where it does not match.</summary>
        public string? Match(SpiffeId id) => id.TrustDomain == TrustDomain ? MatchAll(Segments, id.Segments) : null;
    }

    /// <summary>DNS names of as many labels. Case says nothing in them, and what is no host name (a wildcard) is nobody's.</summary>
    internal sealed record OfDns(IReadOnlyList<PatternPart> Labels) : IdentityPattern
    {
        /// <inheritdoc cref="OfSpiffe.Match"/>
        public string? Match(string dnsName)
        {
            string[] labels = dnsName.ToLowerInvariant().Split('.');
            return labels.All(IsLabel) ? MatchAll(Labels, labels) : null;
        }

        /// <summary>Whether a text can be a label of a host name.</summary>
        public static bool IsLabel(string text) => text.Length is > 0 and < 64 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
    }

    /// <summary>Subjects of the same parts in the same order, with the same types; values are compared as they are, letter for letter.</summary>
    internal sealed record OfSubject(IReadOnlyList<IReadOnlyList<(string Type, PatternPart Value)>> Parts) : IdentityPattern
    {
        /// <inheritdoc cref="OfSpiffe.Match"/>
        public string? Match(DistinguishedName subject)
        {
            if (subject.Parts.Count != Parts.Count)
                return null;
            string name = "";
            for (int i = 0; i < Parts.Count; i++)
            {
                // A relative name of several attributes is a set: its order says nothing. Types are distinct in each, so sorting pairs them.
                NameAttribute[] there = [.. subject.Parts[i].OrderBy(attribute => attribute.Type, StringComparer.Ordinal)];
                (string Type, PatternPart Value)[] here = [.. Parts[i].OrderBy(attribute => attribute.Type, StringComparer.Ordinal)];
                if (there.Length != here.Length)
                    return null;
                for (int j = 0; j < here.Length; j++)
                {
                    if (here[j].Type != there[j].Type || !here[j].Value.Takes(there[j].Value, ref name))
                        return null;
                }
            }
            return name;
        }
    }

    /// <summary>Whether it captures a name.</summary>
    public bool Captures => this switch
    {
        OfSpiffe spiffe => spiffe.Segments.Any(part => part is PatternPart.Name),
        OfDns dns => dns.Labels.Any(part => part is PatternPart.Name),
        OfSubject subject => subject.Parts.Any(part => part.Any(attribute => attribute.Value is PatternPart.Name)),
        _ => false,
    };

    private static string? MatchAll(IReadOnlyList<PatternPart> parts, IReadOnlyList<string> texts)
    {
        string name = "";
        if (parts.Count != texts.Count)
            return null;
        for (int i = 0; i < parts.Count; i++)
        {
            if (!parts[i].Takes(texts[i], ref name))
                return null;
        }
        return name;
    }
}
