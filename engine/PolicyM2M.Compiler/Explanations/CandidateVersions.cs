using System.Globalization;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>Versions next to one that a condition names: between any two of those there is then one of these, if there is any.</summary>
internal static class CandidateVersions
{
    /// <summary>The version itself, ones that people would write just before and after it, and the very next in the order of Semantic Versioning 2.0.0 (section 11).</summary>
    public static IEnumerable<string> Around(string version)
    {
        yield return version;
        if (version.Contains('-', StringComparison.Ordinal))
        {
            // Of two pre-releases that begin alike the longer is the later, and no identifier is before 0.
            yield return $"{version}.1";
            yield return $"{version}.0";
            yield break;
        }
        yield return $"{version}-0";
        string[] numbers = [.. version.Split('.'), .. Enumerable.Repeat("0", 4)];
        if (version.Split('.').Length < 4)
            yield return $"{string.Join('.', numbers[..3])}.1";
        if (Next(numbers[..4]) is { } next)
            yield return $"{next}-0";
    }

    /// <summary>The next release of four numbers; null where there is none.</summary>
    private static string? Next(string[] numbers)
    {
        for (int i = numbers.Length - 1; i >= 0; i--)
        {
            if (long.Parse(numbers[i], CultureInfo.InvariantCulture) is < long.MaxValue and long number)
                return string.Join('.', [.. numbers[..i], (number + 1).ToString(CultureInfo.InvariantCulture), .. Enumerable.Repeat("0", numbers.Length - 1 - i)]);
        }
        return null;
    }
}
