using System.Text;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>
/// Durations as the policy language writes them: whole seconds, as one or more numbers with a unit from large to
/// small (<c>30d</c>, <c>1h30m</c>, <c>90s</c>). A day is exactly 86,400 seconds; there is no month or year, whose lengths vary.
/// </summary>
public static class DurationText
{
    /// <summary>The longest duration that can be written: 100,000 days.</summary>
    public const long MaximumSeconds = 100_000L * 86_400;

    private static readonly (char Unit, long Seconds)[] Units = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

    /// <summary>Reads a duration in seconds; false where <paramref name="text"/> is none, repeats or reorders a unit, or is too long.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        int unitsUsed = 0;
        int at = 0;
        while (at < text.Length)
        {
            long number = 0;
            int start = at;
            for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
            {
                number = number * 10 + (text[at] - '0');
                if (number > MaximumSeconds)
                    return false;
            }
            if (at == start || at == text.Length)
                return false;
            char unit = text[at++];
            int index = Array.FindIndex(Units, u => u.Unit == unit);
            if (index < unitsUsed)
                return false;
            unitsUsed = index + 1;
            seconds += number * Units[index].Seconds;
            if (seconds > MaximumSeconds)
                return false;
        }
        return text.Length > 0;
    }

    /// <summary>The shortest way to write <paramref name="seconds"/>, without weeks: <c>1d12h</c>, <c>0s</c>.</summary>
    public static string Format(long seconds)
    {
        if (seconds == 0)
            return "0s";
        var text = new StringBuilder();
        if (seconds < 0)
            text.Append('-');
        ulong left = (ulong)Math.Abs(seconds);
        foreach ((char unit, long size) in Units)
        {
            if (unit == 'w')
                continue;
            ulong count = left / (ulong)size;
            if (count > 0)
                text.Append(count).Append(unit);
            left -= count * (ulong)size;
        }
        return text.ToString();
    }
}
