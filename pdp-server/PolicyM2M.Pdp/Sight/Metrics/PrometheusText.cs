using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace PolicyM2M.Pdp.Sight.Metrics;

/// <summary>
/// How measurements are written for Prometheus: its text format 0.0.4, and names as the OpenTelemetry specification has them (Prometheus and OpenMetrics Compatibility): dots become
/// underscores, units are written out, and what only grows ends with <c>_total</c>.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The name of an instrument.</summary>
    public static string NameOf(Instrument instrument)
    {
        string unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        string name = string.Concat(instrument.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return (name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit) + (TypeOf(instrument) == "counter" ? "_total" : "");
    }

    /// <summary>What Prometheus calls this kind of instrument.</summary>
    public static string TypeOf(Instrument instrument)
    {
        string kind = instrument.GetType().Name;
        return kind.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
            : kind.StartsWith("ObservableCounter", StringComparison.Ordinal) || kind.StartsWith("Counter", StringComparison.Ordinal) ? "counter"
            : "gauge";
    }

    /// <summary>The lines above the values of an instrument.</summary>
    public static StringBuilder Head(this StringBuilder page, Instrument instrument) => page
        .Append(CultureInfo.InvariantCulture, $"# HELP {NameOf(instrument)} {Escaped(instrument.Description ?? "", isLabel: false)}\n")
        .Append(CultureInfo.InvariantCulture, $"# TYPE {NameOf(instrument)} {TypeOf(instrument)}\n");

    /// <summary>One value.</summary>
    public static StringBuilder Sample(this StringBuilder page, string name, IReadOnlyList<KeyValuePair<string, object?>> labels, double value)
    {
        page.Append(name);
        for (int i = 0; i < labels.Count; i++)
        {
            string label = Convert.ToString(labels[i].Value, CultureInfo.InvariantCulture) ?? "";
            page.Append(i == 0 ? '{' : ',').Append(LabelOf(labels[i].Key)).Append("=\"").Append(Escaped(label, isLabel: true)).Append('"');
        }
        return page.Append(labels.Count > 0 ? "} " : " ").Append(Number(value)).Append('\n');
    }

    /// <summary>A number as the format has it.</summary>
    public static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string LabelOf(string key) => key.Replace('.', '_');

    private static string Escaped(string text, bool isLabel)
    {
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return isLabel ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
