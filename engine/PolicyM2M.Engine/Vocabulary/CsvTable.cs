using System.Collections.Frozen;
using System.Text;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>A row of a table, its cells found by the names in the header.</summary>
internal sealed record CsvRow(FrozenDictionary<string, int> Columns, IReadOnlyList<string> Cells)
{
    public string this[string column] => Cells[Columns[column]];
}

/// <summary>Reads the embedded tables (RFC 4180, with a header). They are our own files, so a malformed one is a defect, not input.</summary>
internal static class CsvTable
{
    public static IEnumerable<CsvRow> Read(TextReader reader)
    {
        FrozenDictionary<string, int>? columns = null;
        foreach (List<string> cells in Records(reader.ReadToEnd()))
        {
            if (columns is null)
                columns = cells.Select((name, index) => (name, index)).ToFrozenDictionary(c => c.name, c => c.index);
            else
                yield return new CsvRow(columns, cells);
        }
    }

    private static IEnumerable<List<string>> Records(string text)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quoted && c == '"' && i + 1 < text.Length && text[i + 1] == '"')
                cell.Append(text[i++]);
            else if (c == '"')
                quoted = !quoted;
            else if (!quoted && c == ',')
                Finish();
            else if (!quoted && c == '\n')
            {
                Finish();
                yield return cells;
                cells = [];
            }
            else if (c != '\r' || quoted)
                cell.Append(c);
        }

        void Finish()
        {
            cells.Add(cell.ToString());
            cell.Clear();
        }
    }
}
