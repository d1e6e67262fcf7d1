namespace PolicyM2M.Cli;

/// <summary>What changed between two texts, line by line: <c>-</c> for what is gone, <c>+</c> for what is new, under the heading (<c>== …</c>) it stands under.</summary>
internal static class LineDifference
{
    private const string Heading = "== ";

    public static IEnumerable<string> Of(string before, string after)
    {
        Dictionary<string, string[]> old = Parts(before), now = Parts(after);
        foreach (string heading in old.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
        {
            string[] left = old.GetValueOrDefault(heading) ?? [], right = now.GetValueOrDefault(heading) ?? [];
            if (left.SequenceEqual(right))
                continue;
            yield return heading;
            foreach (string line in Changes(left, right))
                yield return line;
        }
    }

    /// <summary>By the longest common subsequence; a part is as short as the decisions of one context.</summary>
    private static IEnumerable<string> Changes(string[] left, string[] right)
    {
        int[,] common = new int[left.Length + 1, right.Length + 1];
        for (int i = left.Length - 1; i >= 0; i--)
        {
            for (int j = right.Length - 1; j >= 0; j--)
                common[i, j] = left[i] == right[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }
        int l = 0, r = 0;
        while (l < left.Length || r < right.Length)
        {
            if (l < left.Length && r < right.Length && left[l] == right[r])
            {
                // What belongs to a kind is indented: its line tells which field of which kind changed.
                if (!left[l].StartsWith(' '))
                    yield return $"  {left[l]}";
                l++;
                r++;
            }
            else if (r == right.Length || (l < left.Length && common[l + 1, r] >= common[l, r + 1]))
                yield return $"- {left[l++]}";
            else
                yield return $"+ {right[r++]}";
        }
    }

    private static Dictionary<string, string[]> Parts(string text)
    {
        var parts = new Dictionary<string, string[]>(StringComparer.Ordinal);
        string heading = "";
        foreach (IGrouping<string, string> part in text.Split('\n').Where(line => line.Length > 0)
                     .Select(line => (Heading: heading = line.StartsWith(Heading, StringComparison.Ordinal) ? line : heading, Line: line)).ToList()
                     .Where(line => !line.Line.StartsWith(Heading, StringComparison.Ordinal)).GroupBy(line => line.Heading, line => line.Line))
            parts[part.Key] = [.. part];
        return parts;
    }
}
