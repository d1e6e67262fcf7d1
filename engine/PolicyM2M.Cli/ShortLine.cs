using System.Globalization;
using System.Text;

namespace PolicyM2M.Cli;

/// <summary>A line of conditions as a person can read it: of a long list it has the first items, and how many more there are.</summary>
internal static class ShortLine
{
    /// <summary>A line up to this is shown as it is.</summary>
    private const int Longest = 200;

    /// <summary>So much of a list is shown of a longer line.</summary>
    private const int MostOfList = 80;

    /// <summary>The line with its lists shortened: <c>x in [a, b]</c>, and alternatives in parentheses.</summary>
    public static string Of(string line)
    {
        if (line.Length <= Longest)
            return line;
        var shown = new StringBuilder();
        for (int at = 0; at < line.Length;)
        {
            int end = line[at] is '[' or '(' ? EndOfGroup(line, at) : line[at] == '"' ? EndOfText(line, at) : at + 1;
            if (line[at] is '[' or '(' && line[end - 1] is ']' or ')')
            {
                string separator = line[at] == '[' ? ", " : " or ";
                shown.Append(line[at]).Append(Listed(Items(line[(at + 1)..(end - 1)], separator), separator)).Append(line[end - 1]);
            }
            else
            {
                shown.Append(line, at, end - at);
            }
            at = end;
        }
        return shown.ToString();
    }

    /// <summary>The items on one line; of many the first, and how many more there are.</summary>
    public static string Listed(IReadOnlyList<string> items, string separator)
    {
        int count = 0;
        for (int length = 0; count < items.Count && (count == 0 || length + items[count].Length <= MostOfList); count++)
            length += items[count].Length + separator.Length;
        string first = string.Join(separator, items.Take(count));
        return count == items.Count ? first : string.Create(CultureInfo.InvariantCulture, $"{first}{separator}… {items.Count - count:N0} more");
    }

    private static List<string> Items(string list, string separator)
    {
        var items = new List<string>();
        int start = 0;
        for (int at = 0; at < list.Length;)
        {
            if (list.AsSpan(at).StartsWith(separator))
            {
                items.Add(list[start..at]);
                start = at += separator.Length;
            }
            else
            {
                at = list[at] == '"' ? EndOfText(list, at) : at + 1;
            }
        }
        items.Add(list[start..]);
        return items;
    }

    private static int EndOfGroup(string line, int start)
    {
        int depth = 0;
        for (int at = start; at < line.Length; at = line[at] == '"' ? EndOfText(line, at) : at + 1)
        {
            depth += line[at] switch { '[' or '(' => 1, ']' or ')' => -1, _ => 0 };
            if (depth == 0)
                return at + 1;
        }
        return line.Length;
    }

    private static int EndOfText(string line, int start) => line.IndexOf('"', start + 1) is >= 0 and int end ? end + 1 : line.Length;
}
