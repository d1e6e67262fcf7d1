namespace PolicyM2M.Testing;

/// <summary>The difference of two texts, line by line, as people read it in a patch.</summary>
internal static class LineDiff
{
    private const int LinesOfContext = 3;

    /// <summary>Beyond this many pairs of lines the middle is shown as replaced, since the exact table would be too large.</summary>
    private const long LargestTable = 16_000_000;

    /// <summary>The lines that differ, marked <c>-</c> and <c>+</c>, with a few common lines around them; empty where nothing differs.</summary>
    public static string Between(string before, string after)
    {
        List<(char Mark, string Line)> all = Script(Lines(before), Lines(after));
        var shown = new List<string>();
        int last = -1;
        for (int i = 0; i < all.Count; i++)
        {
            int from = Math.Max(0, i - LinesOfContext), to = Math.Min(all.Count - 1, i + LinesOfContext);
            if (!all[from..(to + 1)].Any(line => line.Mark != ' '))
                continue;
            if (i > last + 1)
                shown.Add($"@@ line {all[..i].Count(line => line.Mark != '-') + 1} @@");
            shown.Add($"{all[i].Mark}{Visible(all[i].Line)}");
            last = i;
        }
        return string.Join('\n', shown);
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.Split('\n');

    private static List<(char Mark, string Line)> Script(string[] before, string[] after)
    {
        int shorter = Math.Min(before.Length, after.Length);
        int head = 0, tail = 0;
        while (head < shorter && before[head] == after[head])
            head++;
        while (tail < shorter - head && before[^(tail + 1)] == after[^(tail + 1)])
            tail++;

        return
        [
            .. before[..head].Select(line => (' ', line)),
            .. Middle(before[head..^tail], after[head..^tail]),
            .. before[(before.Length - tail)..].Select(line => (' ', line)),
        ];
    }

    /// <summary>The longest common subsequence, by the textbook table.</summary>
    private static List<(char Mark, string Line)> Middle(string[] before, string[] after)
    {
        if ((long)before.Length * after.Length > LargestTable)
            return [.. before.Select(line => ('-', line)), .. after.Select(line => ('+', line))];

        var common = new int[before.Length + 1, after.Length + 1];
        for (int i = before.Length - 1; i >= 0; i--)
        {
            for (int j = after.Length - 1; j >= 0; j--)
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var script = new List<(char Mark, string Line)>();
        for (int i = 0, j = 0; i < before.Length || j < after.Length;)
        {
            if (i < before.Length && j < after.Length && before[i] == after[j])
                script.Add((' ', before[i++]));
            else if (i < before.Length && (j == after.Length || common[i + 1, j] >= common[i, j + 1]))
                script.Add(('-', before[i++]));
            else
                script.Add(('+', after[j++]));
            if (script[^1].Mark == ' ')
                j++;
        }
        return script;
    }

    /// <summary>White space at the end of a line is a difference that nobody sees.</summary>
    private static string Visible(string line) => line.TrimEnd() is var trimmed && trimmed.Length == line.Length ? line
        : trimmed + line[trimmed.Length..].Replace(' ', '·').Replace("\t", "→", StringComparison.Ordinal);
}
