using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Regions;

/// <summary>What a region demands of one thing that policies test.</summary>
public sealed class RegionConstraint
{
    private readonly AttributeTable _attributes;

    internal RegionConstraint(AttributeTable attributes, int facet, IntervalSet? codes)
    {
        _attributes = attributes;
        Facet = facet;
        Codes = codes;
    }

    /// <summary>The attribute, or for the clock <c>time.now</c>, <c>time.of-day</c> or <c>time.weekday</c>.</summary>
    public string Subject => Asked.Kind switch
    {
        FacetKind.Now => "time.now",
        FacetKind.TimeOfDay => "time.of-day",
        FacetKind.Weekday => "time.weekday",
        _ => _attributes.Codings[Asked.Attribute].Definition.Name,
    };

    /// <summary>The attributes that it speaks of: one, two where it compares them, and none where it speaks of the clock.</summary>
    public ImmutableArray<string> Attributes => Asked switch
    {
        { IsClock: true } => [],
        { Kind: FacetKind.Same } same => [_attributes.Codings[same.Attribute].Definition.Name, _attributes.Codings[same.Other].Definition.Name],
        _ => [Subject],
    };

    /// <summary>Whether it demands that the attribute be missing: the decision is then the strictest over all it could be.</summary>
    public bool IsMissing => Codes is null;

    internal int Facet { get; }

    /// <summary>The codes that are in the region; null where the facet must be missing.</summary>
    internal IntervalSet? Codes { get; }

    private Facet Asked => _attributes.Facets[Facet];

    /// <summary>The constraint as a policy would write it: <c>firmware.version &gt;= 2.4.0</c>, <c>posture.risk in 0..59</c>.</summary>
    public override string ToString()
    {
        if (Codes is not { } codes)
            return Asked.Kind == FacetKind.Value ? $"{Subject} missing" : $"{Described("")} unknown";
        return Asked.Kind switch
        {
            FacetKind.Has or FacetKind.Contains or FacetKind.Same => Described(codes.Contains(1) ? "" : "not "),
            FacetKind.Now => Intervals(codes, InstantText.Format),
            FacetKind.TimeOfDay => Intervals(codes, TimeOfDay) + Zone,
            FacetKind.Weekday => $"{Subject} in [{string.Join(", ", Each(codes).Select(day => Days[day]))}]{Zone}",
            _ => Value(codes, _attributes.Codings[Asked.Attribute]),
        };
    }

    private static readonly ImmutableArray<string> Days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    private string Zone => Asked.Other == 0 ? "" : $" at {(Asked.Other < 0 ? '-' : '+')}{TimeSpan.FromMinutes(Math.Abs(Asked.Other)):hh\\:mm}";

    private string Described(string not) => Asked.Kind switch
    {
        FacetKind.Has => $"{not}has {Subject}",
        FacetKind.Contains => $"{not}{Subject} contains {Quoted(Asked.Item)}",
        _ => $"{Subject} {(not.Length == 0 ? "==" : "!=")} {_attributes.Codings[Asked.Other].Definition.Name}",
    };

    private string Value(IntervalSet codes, AttributeCoding coding) => coding.Definition.Type switch
    {
        AttributeType.Bool => codes.Contains(1) ? Subject : $"not {Subject}",
        AttributeType.Int => Intervals(codes, n => n.ToString(CultureInfo.InvariantCulture)),
        AttributeType.Duration => Intervals(codes, DurationText.Format),
        AttributeType.Instant => Intervals(codes, InstantText.Format),
        AttributeType.String when coding.IsNominal => Texts(codes, coding),
        AttributeType.Address => Any(codes.Intervals.Select(interval => Addresses(interval, coding))),
        _ => Any(codes.Intervals.Select(interval => Ranks(interval, coding))),
    };

    private string Texts(IntervalSet codes, AttributeCoding coding)
    {
        ImmutableArray<string> all = coding.Definition.Values.Length > 0 ? coding.Definition.Values : coding.Marks;
        bool isOther = codes.Contains(AttributeCoding.OtherText);
        string[] named = [.. Enumerable.Range(0, all.Length).Where(code => codes.Contains(code) != isOther).Select(code => Quoted(all[code]))];
        string sign = (isOther, named.Length) switch { (false, 1) => "==", (false, _) => "in", (true, 1) => "!=", _ => "not in" };
        return $"{Subject} {sign} {(named.Length == 1 ? named[0] : $"[{string.Join(", ", named)}]")}";
    }

    private string Intervals(IntervalSet codes, Func<long, string> text)
    {
        (long lowest, long highest) = _attributes.Codes[Facet];
        return Any(codes.Intervals.Select(interval =>
            interval.Low == interval.High ? $"{Subject} == {text(interval.Low)}"
            : interval.Low == lowest ? $"{Subject} <= {text(interval.High)}"
            : interval.High == highest ? $"{Subject} >= {text(interval.Low)}"
            : $"{Subject} in {text(interval.Low)}..{text(interval.High)}"));
    }

    /// <summary>Between two marks lie addresses, which have neighbours.</summary>
    private string Addresses((long Low, long High) ranks, AttributeCoding coding)
    {
        UInt128 first = ranks.Low <= coding.Lowest ? UInt128.Zero : ranks.Low % 2 == 1 ? Mark(ranks.Low / 2) : Mark(ranks.Low / 2 - 1) + 1;
        UInt128 last = ranks.High >= coding.Highest ? UInt128.MaxValue : ranks.High % 2 == 1 ? Mark(ranks.High / 2) : Mark(ranks.High / 2) - 1;
        return AddressBlock.Test(Subject, first, last);

        UInt128 Mark(long place) => AddressBlock.TryParseAddress(coding.Marks[(int)place], out UInt128 address) ? address : throw new InvalidOperationException("a mark is no address");
    }

    /// <summary>An odd rank is a mark, an even one lies between two.</summary>
    private string Ranks((long Low, long High) ranks, AttributeCoding coding)
    {
        string Mark(long place) => coding.Definition.Type == AttributeType.String ? Quoted(coding.Marks[(int)place]) : coding.Marks[(int)place];
        if (ranks.Low == ranks.High && ranks.Low % 2 == 1)
            return $"{Subject} == {Mark(ranks.Low / 2)}";
        var ends = new List<string>();
        if (ranks.Low > coding.Lowest)
            ends.Add(ranks.Low % 2 == 1 ? $"{Subject} >= {Mark(ranks.Low / 2)}" : $"{Subject} > {Mark(ranks.Low / 2 - 1)}");
        if (ranks.High < coding.Highest)
            ends.Add(ranks.High % 2 == 1 ? $"{Subject} <= {Mark(ranks.High / 2)}" : $"{Subject} < {Mark(ranks.High / 2)}");
        return string.Join(" and ", ends);
    }

    private static string Any(IEnumerable<string> parts) => parts.ToArray() is [var only] ? only : $"({string.Join(" or ", parts)})";

    private static IEnumerable<int> Each(IntervalSet codes) => Enumerable.Range(0, Days.Length).Where(day => codes.Contains(day));

    private static string TimeOfDay(long seconds) => TimeSpan.FromSeconds(seconds).ToString(seconds % 60 == 0 ? @"hh\:mm" : @"hh\:mm\:ss", CultureInfo.InvariantCulture);

    /// <summary>As a policy writes a text: what is in it must not look like the end of it.</summary>
    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
