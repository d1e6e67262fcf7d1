namespace PolicyM2M.Engine.Vocabulary;

/// <summary>Finds the name that a mistyped one was most likely meant to be.</summary>
public static class Spelling
{
    /// <summary>Names longer than this are not compared: nobody mistypes them, and the comparison is quadratic.</summary>
    private const int LongestCompared = 80;

    /// <summary>The nearest of <paramref name="names"/>, ties broken by ordinal order; null where none is near.</summary>
    public static string? Nearest(string wrong, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        if (wrong.Length > LongestCompared)
            return null;
        int allowed = Math.Max(1, wrong.Length / 3);
        return names
            .Where(name => Math.Abs(name.Length - wrong.Length) <= allowed)
            .Select(name => (Name: name, Distance: Distance(wrong, name)))
            .Where(candidate => candidate.Distance <= allowed)
            .OrderBy(candidate => candidate.Distance).ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    /// <summary>Edits between two names (insert, delete, replace, swap of neighbours), letters compared without case.</summary>
    private static int Distance(string left, string right)
    {
        int[] beforeLast = new int[right.Length + 1], last = new int[right.Length + 1], current = new int[right.Length + 1];
        for (int j = 0; j <= right.Length; j++)
            last[j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int cost = Same(left[i - 1], right[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(last[j] + 1, current[j - 1] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]))
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
            }
            (beforeLast, last, current) = (last, current, beforeLast);
        }
        return last[right.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
