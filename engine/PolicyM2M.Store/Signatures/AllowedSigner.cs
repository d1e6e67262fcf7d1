using System.Collections.Immutable;

namespace PolicyM2M.Store.Signatures;

/// <summary>One line of an allowed signers file: a key, whose it is, and for what and when it counts. Immutable.</summary>
/// <param name="Principals">The names of its holder.</param>
/// <param name="Key">The key.</param>
/// <param name="Namespaces">What its signatures may be for; empty for everything.</param>
/// <param name="ValidAfter">From when it counts; null for always.</param>
/// <param name="ValidBefore">Until when it counts; null for ever.</param>
internal sealed record AllowedSigner(
    ImmutableArray<string> Principals, SshPublicKey Key, ImmutableArray<string> Namespaces, DateTimeOffset? ValidAfter, DateTimeOffset? ValidBefore)
{
    /// <summary>Whether its signatures may be for this; a pattern may stand for several.</summary>
    public bool MaySignFor(string purpose) => Namespaces.IsEmpty || Namespaces.Any(pattern => Matches(pattern, purpose));

    public bool CountsAt(DateTimeOffset moment) => !(moment < ValidAfter) && !(moment >= ValidBefore);

    /// <summary>`*` stands for any characters and `?` for one, as in ssh_config.</summary>
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        // The last star is tried with one character more until the rest fits: no recursion, no exponential time.
        int p = 0, t = 0, star = -1, from = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, from) = (p++, t);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++from;
            }
            else
            {
                return false;
            }
        }
        return pattern[p..].Trim('*').IsEmpty;
    }
}
