using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>
/// Checks what is asked of the clock: <c>time.now</c>, and in the policy's zone <c>time.of-day</c> and <c>time.weekday</c>.
/// A zone is a fixed offset from UTC: named zones change by decree, and a bundle must have the same bytes everywhere.
/// </summary>
internal sealed class ClockBinder(SourceText source, int offsetMinutes, Faults faults)
{
    /// <summary>The offsets that are in use anywhere lie within 14 hours of UTC.</summary>
    private const int LargestOffset = 14 * 60;

    private const long LastSecond = 86_399;

    private static readonly ImmutableArray<string> Days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// <summary>What a name asks of the clock; null where it is no name of the clock's.</summary>
    public static ClockReading? ReadingOf(string name) => name switch
    {
        "time.now" => ClockReading.Now,
        "time.of-day" => ClockReading.TimeOfDay,
        "time.weekday" => ClockReading.Weekday,
        _ => null,
    };

    /// <summary>The names, for suggestions.</summary>
    public static IEnumerable<string> Names => Grammar.ClockNames;

    public BoundCondition Comparison(ClockReading reading, M2MToken sign, Span signSpan, AtomSyntax literal)
    {
        if (Value(reading, literal) is not { } value)
            return BoundCondition.Never;
        (long lowest, long highest) = Range(reading);
        if (reading == ClockReading.Weekday && sign is not (M2MToken.Equal or M2MToken.NotEqual))
        {
            faults.WrongClockOperator(source, signSpan);
            return BoundCondition.Never;
        }
        if (reading == ClockReading.Now)
            DayEnd.Warn(literal, sign, offsetMinutes, source, faults);
        return Of(reading, sign switch
        {
            M2MToken.Equal => [(value, value)],
            M2MToken.NotEqual => [(lowest, value - 1), (value + 1, highest)],
            M2MToken.Less => [(lowest, value - 1)],
            M2MToken.LessOrEqual => [(lowest, value)],
            M2MToken.Greater => [(value + 1, highest)],
            _ => [(value, highest)],
        });
    }

    public BoundCondition OneOf(ClockReading reading, ImmutableArray<AtomSyntax> literals)
    {
        long?[] values = [.. literals.Select(literal => Value(reading, literal))];
        return values.All(value => value is not null) ? Of(reading, [.. values.Select(value => (value!.Value, value.Value))]) : BoundCondition.Never;
    }

    /// <summary>From one value to another, both included; a time of day may run past midnight, and a weekday past Sunday.</summary>
    public BoundCondition Between(ClockReading reading, AtomSyntax from, AtomSyntax to)
    {
        if (Value(reading, from) is not { } low || Value(reading, to) is not { } high)
            return BoundCondition.Never;
        (long lowest, long highest) = Range(reading);
        if (reading == ClockReading.Now && low > high)
            faults.EmptyRange(source, from.Span.To(to.Span));
        else if (reading == ClockReading.Now)
            DayEnd.Warn(to, offsetMinutes, source, faults);
        if (low <= high)
            return Of(reading, [(low, high)]);
        return Of(reading, [(lowest, high), (low, highest)]);
    }

    /// <summary>The offset of a policy's zone, in minutes; 0, with a fault, where it is none.</summary>
    public static int OffsetOf(AtomSyntax? zone, SourceText source, Faults faults)
    {
        if (zone is null)
            return 0;
        // A sign and its digits are one word, which the grammar does not ask.
        if (zone.Span.Length == zone.Text.Length && zone.Text[0] is '+' or '-' && TimeOnly.TryParseExact(zone.Text.AsSpan(1), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly offset)
            && offset.ToTimeSpan().TotalMinutes <= LargestOffset)
        {
            return (int)offset.ToTimeSpan().TotalMinutes * (zone.Text[0] == '-' ? -1 : 1);
        }
        faults.WrongZone(source, zone);
        return 0;
    }

    private BoundCondition.Clock Of(ClockReading reading, ImmutableArray<(long Low, long High)> values) =>
        new(reading, [.. values.Where(interval => interval.Low <= interval.High)], reading == ClockReading.Now ? 0 : offsetMinutes);

    private static (long Lowest, long Highest) Range(ClockReading reading) => reading switch
    {
        ClockReading.Now => (long.MinValue, long.MaxValue),
        ClockReading.TimeOfDay => (0, LastSecond),
        _ => (0, Days.Length - 1),
    };

    private long? Value(ClockReading reading, AtomSyntax literal)
    {
        switch (reading)
        {
            case ClockReading.Now when literal.Kind == M2MToken.Number && InstantText.TryParse(literal.Text, out long seconds):
                return seconds;
            case ClockReading.TimeOfDay when literal.Kind == M2MToken.Number
                && TimeOnly.TryParseExact(literal.Text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time):
                return time.Ticks / TimeSpan.TicksPerSecond;
            case ClockReading.Weekday when Days.IndexOf(literal.Text) is >= 0 and int day:
                return day;
        }
        faults.WrongClockValue(source, literal, reading switch
        {
            ClockReading.Now => "an instant such as 2027-01-31 or 2027-01-31T06:00Z",
            ClockReading.TimeOfDay when TimeOnly.TryParseExact(literal.Text, ["H:m", "H:mm", "H:mm:ss", "HH:m"], CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time) =>
                $"hours and minutes of two digits each: {time.ToString(time.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture)}",
            ClockReading.TimeOfDay => "a time of day such as 22:00",
            _ => $"one of {string.Join(", ", Days)}",
        });
        return null;
    }
}
