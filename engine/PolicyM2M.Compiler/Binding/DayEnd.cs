using System.Globalization;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Binding;

/// <summary>Warns of a day without a time where a condition ends: it is the day's first second in UTC, so that the rest of the day lies behind it. Who writes one means all of the day.</summary>
internal static class DayEnd
{
    /// <summary>Looks at what stands behind a comparison.</summary>
    /// <param name="literal">An instant.</param>
    /// <param name="sign">The comparison.</param>
    /// <param name="offsetMinutes">The offset of the policy's zone from UTC, in minutes.</param>
    /// <param name="source">Where it is written.</param>
    /// <param name="faults">Where to report.</param>
    public static void Warn(AtomSyntax literal, M2MToken sign, int offsetMinutes, SourceText source, Faults faults)
    {
        if (sign is M2MToken.LessOrEqual or M2MToken.Greater)
            Warn(literal, sign == M2MToken.Greater ? "> " : "<= ", offsetMinutes, source, faults);
    }

    /// <summary>Looks at the end of a range.</summary>
    public static void Warn(AtomSyntax literal, int offsetMinutes, SourceText source, Faults faults) => Warn(literal, "..", offsetMinutes, source, faults);

    private static void Warn(AtomSyntax literal, string before, int offsetMinutes, SourceText source, Faults faults)
    {
        if (literal.Text.Contains('T', StringComparison.Ordinal))
            return;
        string zone = offsetMinutes == 0 ? "Z"
            : $"{(offsetMinutes < 0 ? '-' : '+')}{TimeSpan.FromMinutes(Math.Abs(offsetMinutes)).ToString(@"hh\:mm", CultureInfo.InvariantCulture)}";
        faults.DayAsEnd(source, literal, before, zone);
    }
}
