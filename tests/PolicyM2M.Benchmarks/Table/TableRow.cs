using System.Globalization;
using System.Text;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>A row of the speed table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Target">What it must reach; empty where the row only tells.</param>
/// <param name="Measured">What it reached.</param>
/// <param name="IsMet">Whether that is enough; null where there is no target.</param>
internal sealed record TableRow(string What, string Target, string Measured, bool? IsMet)
{
    public static TableRow AtMost(string what, double measured, double limit, string unit, string detail = "") =>
        new(what, $"≤ {Number(limit)}{unit}", $"{Number(measured)}{unit}{Parenthesis(detail)}", measured <= limit);

    public static TableRow AtLeast(string what, double measured, double limit, string unit, string detail = "") =>
        new(what, $"≥ {Number(limit)}{unit}", $"{Number(measured)}{unit}{Parenthesis(detail)}", measured >= limit);

    public static TableRow Told(string what, string measured) => new(what, "", measured, IsMet: null);

    public static TableRow NotMeasured(string what, string why) => new(what, "", why, IsMet: false);

    /// <summary>The rows as Markdown.</summary>
    public static string Markdown(IEnumerable<TableRow> rows)
    {
        var text = new StringBuilder("| what | target | measured | met |\n| --- | --- | --- | --- |\n");
        foreach (TableRow row in rows)
            text.Append($"| {row.What} | {row.Target} | {row.Measured.Replace("|", "\\|", StringComparison.Ordinal)} | {row.IsMet switch { true => "yes", false => "**no**", null => "" }} |\n");
        return text.ToString();
    }

    /// <summary>Three digits that matter; no target hangs on a fourth.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        0 => "0",
        < 0.001 => value.ToString("0.0E0", CultureInfo.InvariantCulture),
        < 1 => value.ToString("0.###", CultureInfo.InvariantCulture),
        < 10 => value.ToString("0.##", CultureInfo.InvariantCulture),
        < 100 => value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.ToString("#,0", CultureInfo.InvariantCulture),
    };

    private static string Parenthesis(string detail) => detail.Length == 0 ? "" : $" ({detail})";
}
