using System.Diagnostics;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>The speed table of the documentation: every row measured, with its target.</summary>
internal static class SpeedTable
{
    private static readonly (string Name, Func<Effort, IEnumerable<TableRow>> Rows)[] Sections =
    [
        ("decisions", DecisionRows.Measure),
        ("threads", ThreadRows.Measure),
        ("compile", CompileRows.Measure),
        ("adversarial", AdversarialRows.Measure),
        ("policies", PolicyRows.Measure),
        ("sdk", DeviceRows.Measure),
    ];

    /// <summary>The names of the sections, which can be measured one by one.</summary>
    public static IEnumerable<string> SectionNames => Sections.Select(section => section.Name);

    /// <summary>Measures, tells on standard error how far it is, and prints the table as Markdown.</summary>
    /// <param name="only">The sections to measure; all where empty.</param>
    /// <param name="effort">How long to measure.</param>
    /// <returns>Whether every target was met.</returns>
    public static bool Print(IReadOnlyCollection<string> only, Effort effort)
    {
        var rows = new List<TableRow>();
        foreach ((string name, Func<Effort, IEnumerable<TableRow>> measure) in Sections.Where(section => only.Count == 0 || only.Contains(section.Name)))
        {
            long start = Stopwatch.GetTimestamp();
            Console.Error.Write($"{name} …");
            rows.AddRange(measure(effort));
            Console.Error.WriteLine($" {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
        }
        Console.Out.Write(TableRow.Markdown(rows));
        return rows.All(row => row.IsMet != false);
    }
}
