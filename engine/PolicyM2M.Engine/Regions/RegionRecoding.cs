using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// Turns the codes of an attribute by one set of policies into those by another, which name other texts, versions or addresses. What cannot be told exactly becomes more, and never
/// less.
/// </summary>
internal sealed class RegionRecoding(AttributeScale scale, AttributeCoding other)
{
    private readonly AttributeCoding _mine = new(scale.Definition, scale.Marks, scale.IsRanked);

    public IntervalSet Recode(IntervalSet codes)
    {
        bool isPlain = _mine.Definition.Values.Length > 0 || _mine.Definition.Type is not (AttributeType.String or AttributeType.Version or AttributeType.Address);
        return isPlain ? codes : _mine.IsNominal ? Named(codes) : other.IsNominal ? NamedOfRanks(codes) : IntervalSet.Of(codes.Intervals.Select(Ranks));
    }

    private IntervalSet All => IntervalSet.Between(other.Lowest, other.Highest);

    /// <summary>Some texts, or any but some.</summary>
    private IntervalSet Named(IntervalSet codes)
    {
        IEnumerable<long> allowed = Places(codes.Contains);
        if (!codes.Contains(AttributeCoding.OtherText))
            return IntervalSet.Of(allowed.Select(Code).Select(code => (code, code)));
        // Only what the other policies name exactly can be left out: any other text shares its code with many.
        return IntervalSet.Of(Places(code => !codes.Contains(code)).Select(Code).Where(IsExact).Select(code => (code, code))).Without(other.Lowest, other.Highest);
    }

    private IEnumerable<long> Places(Func<long, bool> isWanted) => Enumerable.Range(0, _mine.Marks.Length).Select(place => (long)place).Where(isWanted);

    private IntervalSet NamedOfRanks(IntervalSet codes) => codes.Intervals.All(interval => interval.Low == interval.High && interval.Low % 2 == 1)
        ? IntervalSet.Of(codes.Intervals.Select(interval => Code(interval.Low / 2)).Select(code => (code, code)))
        : All;

    private (long, long) Ranks((long Low, long High) interval) => (
        interval.Low <= _mine.Lowest ? other.Lowest : interval.Low % 2 == 1 ? Code(interval.Low / 2) : Code(interval.Low / 2 - 1) is var below && IsExact(below) ? below + 1 : below,
        interval.High >= _mine.Highest ? other.Highest : interval.High % 2 == 1 ? Code(interval.High / 2) : Code(interval.High / 2) is var above && IsExact(above) ? above - 1 : above);

    private bool IsExact(long code) => other.IsNominal ? code != AttributeCoding.OtherText : code % 2 == 1;

    private long Code(long mark) => other.TryEncode(AttributeValue.Of(_mine.Marks[(int)mark]), out long code) ? code : throw new InvalidOperationException("a mark is no value of its attribute");
}
