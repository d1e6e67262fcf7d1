using System.Globalization;
using System.Text;

namespace PolicyM2M.Benchmarks.Rotation;

/// <summary>Draws renewals per hour.</summary>
internal static class FleetSvg
{
    private const int Width = 960, Height = 320, Left = 64, Bottom = 40, Top = 40, Right = 16;

    public static string Draw(int[] hours, Fleet fleet)
    {
        int most = (hours.Max() / 1_000 + 1) * 1_000;
        double X(double hour) => Left + hour * (Width - Left - Right) / hours.Length;
        double Y(double count) => Height - Bottom - count * (Height - Bottom - Top) / most;
        var svg = new StringBuilder();
        void Add(FormattableString line) => svg.Append(FormattableString.Invariant(line)).Append('\n');
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">");
        Add($"<title>Renewals per hour of {fleet.Devices} devices</title>");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/>");
        Add($"<text x=\"{Left}\" y=\"20\" fill=\"#333\">Renewals per hour, day by day. Shaded: the issuer is away.</text>");
        Add($"<rect x=\"{X(fleet.AwayFrom.TotalHours):0.0}\" y=\"{Top}\" width=\"{X(fleet.AwayFor.TotalHours) - Left:0.0}\" height=\"{Height - Bottom - Top}\" fill=\"#f4c7c3\"/>");
        for (int count = 0; count <= most; count += most / 5)
        {
            Add($"<path d=\"M{Left} {Y(count):0.0}H{Width - Right}\" stroke=\"#ddd\"/>");
            Add($"<text x=\"{Left - 8}\" y=\"{Y(count) + 4:0.0}\" text-anchor=\"end\" fill=\"#333\">{count}</text>");
        }
        for (int day = 0; day * 24 <= hours.Length; day += 10)
            Add($"<text x=\"{X(day * 24):0.0}\" y=\"{Height - 16}\" text-anchor=\"middle\" fill=\"#333\">{day}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<path fill=\"none\" stroke=\"#1a56a0\" d=\"M{X(0):0.0} {Y(0):0.0}");
        // Each hour is a step; hours without a change are left out.
        for (int hour = 0; hour < hours.Length; hour++)
        {
            if (hour == 0 || hours[hour] != hours[hour - 1])
                svg.Append(CultureInfo.InvariantCulture, $"H{X(hour):0.0}V{Y(hours[hour]):0.0}");
        }
        svg.Append(CultureInfo.InvariantCulture, $"H{X(hours.Length):0.0}\"/>\n</svg>\n");
        return svg.ToString();
    }
}
