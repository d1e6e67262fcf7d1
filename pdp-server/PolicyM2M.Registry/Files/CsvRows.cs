using System.Text;

namespace PolicyM2M.Registry.Files;

/// <summary>Reads comma-separated values (RFC 4180). A value in quotes may hold commas, line ends and doubled quotes; an empty one is not given.</summary>
internal static class CsvRows
{
    /// <summary>The rows; what cannot be read as one is a fault, and the rows after it are still read.</summary>
    public static List<ImportRow> Read(string text, List<ImportFault> faults)
    {
        List<ImportRow> rows = [];
        List<string>? names = null;
        int position = 0, line = 1;
        while (position < text.Length)
        {
            int first = line;
            List<(string Text, int Line, int Column)>? fields = Record(text, ref position, ref line, faults);
            if (fields is null or [{ Text: "" }])
                continue;
            if (names is null)
                names = Header(fields, faults);
            else if (fields.Count != names.Count)
                faults.Add(new ImportFault(first, 1, $"{(fields.Count == 1 ? "there is 1 value" : $"there are {fields.Count} values")}; expected {names.Count}, as the first line has names"));
            else
                rows.Add(new ImportRow(first, 1, null, [.. fields.Zip(names).Where(pair => pair.First.Text.Length > 0)
                    .Select(pair => new ImportField(pair.Second, pair.First.Text, pair.First.Line, pair.First.Column))]));
        }
        if (names is null)
            faults.Add(new ImportFault(1, 1, $"there is no first line with the names of attributes; expected one with `{AttributeNames.Id}`"));
        return rows;
    }

    private static List<string> Header(List<(string Text, int Line, int Column)> fields, List<ImportFault> faults)
    {
        List<string> names = [];
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string text, int line, int column) in fields)
        {
            string name = text.Trim();
            if (!known.Add(name))
                faults.Add(new ImportFault(line, column, $"`{DeviceRules.Printable(name)}` is named twice"));
            else if (DeviceRules.FaultOfName(name) is { } fault)
                faults.Add(new ImportFault(line, column, fault));
            names.Add(name);
        }
        if (!known.Contains(AttributeNames.Id))
            faults.Add(new ImportFault(fields[0].Line, 1, $"no column is named `{AttributeNames.Id}`; expected one with the ids of the devices"));
        return names;
    }

    /// <summary>The fields of one record, from the start of a line to its end; null where it cannot be read.</summary>
    private static List<(string Text, int Line, int Column)>? Record(string text, ref int position, ref int line, List<ImportFault> faults)
    {
        List<(string, int, int)> fields = [];
        int lineStart = position;
        bool isGood = true;
        while (true)
        {
            (int fieldLine, int column) = (line, position - lineStart + 1);
            string field;
            if (position < text.Length && text[position] == '"')
            {
                if (Quoted(text, ref position, ref line, ref lineStart) is not { } quoted)
                {
                    faults.Add(new ImportFault(fieldLine, column, "the quotes that begin here do not end"));
                    return null;
                }
                field = quoted;
                if (position < text.Length && text[position] is not (',' or '\n' or '\r'))
                {
                    faults.Add(new ImportFault(line, position - lineStart + 1, "something follows a value in quotes; expected a comma or the end of the line, and `\"\"` for quotes within a value"));
                    isGood = false;
                    SkipField(text, ref position);
                }
            }
            else
            {
                int start = position;
                SkipField(text, ref position);
                field = text[start..position];
            }
            fields.Add((field, fieldLine, column));
            if (position < text.Length && text[position] == ',')
            {
                position++;
                continue;
            }
            EndLine(text, ref position, ref line);
            return isGood ? fields : null;
        }
    }

    private static void SkipField(string text, ref int position)
    {
        while (position < text.Length && text[position] is not (',' or '\n' or '\r'))
            position++;
    }

    private static void EndLine(string text, ref int position, ref int line)
    {
        if (position < text.Length && text[position] == '\r')
            position++;
        if (position < text.Length && text[position] == '\n')
            position++;
        line++;
    }

    private static string? Quoted(string text, ref int position, ref int line, ref int lineStart)
    {
        var value = new StringBuilder();
        (int at, int atLine, int atStart) = (position + 1, line, lineStart);
        while (at < text.Length)
        {
            char c = text[at++];
            if (c == '"' && (at == text.Length || text[at] != '"'))
            {
                (position, line, lineStart) = (at, atLine, atStart);
                return value.ToString();
            }
            if (c == '"')
                at++;
            if (c == '\n')
                (atLine, atStart) = (atLine + 1, at);
            value.Append(c);
        }
        // Everything after the open quotes would be one value: whoever reads the fault needs its beginning, and nothing more.
        position = text.Length;
        return null;
    }
}
