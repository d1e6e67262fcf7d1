using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>What is asked of the clock, as a policy would write it: a time of day that runs past midnight is one range, and so are days that run past Sunday.</summary>
internal static class ClockWords
{
    private const long LastSecond = 86_399;

    private static readonly ImmutableArray<string> Days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    public static string Of(BoundCondition.Clock clock) => clock.Reading switch
    {
        ClockReading.Now => string.Join(" or ", clock.Values.Select(Moments)),
        ClockReading.TimeOfDay => $"time.of-day {Ranges(clock, LastSecond)}",
        _ => $"time.weekday {Ranges(clock, Days.Length - 1)}",
    };

    /// <summary>What the clock shows.</summary>
    public static string Shown(ClockReading reading, long value) => reading switch
    {
        ClockReading.Now => InstantText.Format(value),
        ClockReading.TimeOfDay => TimeSpan.FromSeconds(value).ToString(value % 60 == 0 ? @"hh\:mm" : @"hh\:mm\:ss", CultureInfo.InvariantCulture),
        _ => Days[(int)value],
    };

    private static string Moments((long Low, long High) interval) => interval switch
    {
        (long.MinValue, long.MaxValue) => "time.now",
        (long.MinValue, var high) => $"time.now < {Shown(ClockReading.Now, high + 1)}",
        (var low, long.MaxValue) => $"time.now >= {Shown(ClockReading.Now, low)}",
        var (low, high) when low == high => $"time.now == {Shown(ClockReading.Now, low)}",
        var (low, high) => $"time.now in {Shown(ClockReading.Now, low)}..{Shown(ClockReading.Now, high)}",
    };

    /// <summary>Ranges of what begins anew after its last value.</summary>
    private static string Ranges(BoundCondition.Clock clock, long last)
    {
        List<(long Low, long High)> ranges = [.. clock.Values.Order()];
        if (ranges.Count > 1 && ranges[0].Low == 0 && ranges[^1].High == last)
        {
            ranges[^1] = (ranges[^1].Low, ranges[0].High);
            ranges.RemoveAt(0);
        }
        bool hasOrder = clock.Reading == ClockReading.TimeOfDay;
        string Word(long value) => Shown(clock.Reading, value);
        return ranges switch
        {
            [var (low, high)] when low == high => $"== {Word(low)}",
            [var (low, high)] when low == (high + 2) % (last + 1) => $"!= {Word((high + 1) % (last + 1))}",
            [(0, var high)] when high < last && hasOrder => $"<= {Word(high)}",
            [(var low, var high)] when low > 0 && high == last && hasOrder => $">= {Word(low)}",
            [var (low, high)] => $"in {Word(low)}..{Word(high)}",
            _ when ranges.All(range => range.Low == range.High) => $"in [{string.Join(", ", ranges.Select(range => Word(range.Low)))}]",
            _ => string.Join(" or ", ranges.Select(range => range.Low == range.High ? $"== {Word(range.Low)}" : $"in {Word(range.Low)}..{Word(range.High)}")),
        };
    }
}
