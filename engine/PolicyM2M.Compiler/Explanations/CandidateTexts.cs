namespace PolicyM2M.Compiler.Explanations;

/// <summary>Texts that no condition names.</summary>
internal static class CandidateTexts
{
    private static readonly string[] Endings = ["something else", "yet another thing"];

    /// <summary>Of those that begin with no prefix that conditions look for, and for each prefix of those that begin with it and with no longer one: two that no condition names.</summary>
    /// <param name="named">The texts that conditions name, the prefixes among them.</param>
    /// <param name="prefixes">The prefixes that they look for.</param>
    public static IEnumerable<string> Unnamed(IReadOnlyCollection<string> named, IReadOnlyCollection<string> prefixes) =>
        prefixes.Append("").Distinct(StringComparer.Ordinal).SelectMany(prefix => Endings.Select(ending => prefix + Apart(prefix, named) + ending));

    /// <summary>Nothing, where no named text goes on after the prefix; else a letter with which none of them goes on.</summary>
    private static string Apart(string prefix, IReadOnlyCollection<string> named)
    {
        HashSet<char> next = [.. named.Where(text => text.Length > prefix.Length && text.StartsWith(prefix, StringComparison.Ordinal)).Select(text => text[prefix.Length])];
        if (!next.Contains('s') && !next.Contains('y'))
            return "";
        char letter = 'a';
        while (next.Contains(letter))
            letter++;
        return letter.ToString();
    }
}
