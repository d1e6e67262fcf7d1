using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// Where a decision holds: for every context and moment that satisfies all constraints the same bundle decides the same. It does not depend on who
/// asked. Immutable but for its parts, which are worked out when first asked for.
/// </summary>
public sealed class Region
{
    private readonly AttributeTable _attributes;
    private readonly bool _isTimed;
    private RegionParts? _parts;
    private Vouching _vouching;

    /// <param name="attributes">The attributes that the constraints speak of.</param>
    /// <param name="constraints">The constraints.</param>
    /// <param name="parts">What it is put together from; null where it comes from policies.</param>
    internal Region(AttributeTable attributes, ImmutableArray<RegionConstraint> constraints, RegionParts? parts = null)
    {
        _attributes = attributes;
        _parts = parts;
        Constraints = constraints;
        _isTimed = constraints.Any(constraint => attributes.IsTimed[constraint.Facet]);
    }

    private enum Vouching : byte
    {
        Unknown,
        NotNeeded,
        Needed,
    }

    /// <summary>What it demands, at most one constraint for each thing that is tested; none where the decision holds everywhere.</summary>
    public ImmutableArray<RegionConstraint> Constraints { get; }

    /// <summary>All that it takes to judge contexts by it without the policies.</summary>
    public RegionParts Parts => _parts ??= RegionReduction.Of(_attributes, Constraints);

    /// <summary>Whether the clock, or an age, has a part in it.</summary>
    public bool IsTimed => _isTimed;

    /// <summary>Whether it tests what a device may not say itself, so that somebody must vouch for what is held against it.</summary>
    public bool NeedsVouching
    {
        get
        {
            if (_vouching == Vouching.Unknown)
                _vouching = Parts.Attributes.Any(scale => scale.Definition.Provenance != Provenance.Claimed) ? Vouching.Needed : Vouching.NotNeeded;
            return _vouching == Vouching.Needed;
        }
    }

    /// <summary>A region put together again: it holds where the one that was taken apart does.</summary>
    /// <exception cref="ArgumentException">These are no parts of a region: they may come from anybody.</exception>
    public static Region Of(RegionParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return RegionAssembly.Of(parts);
    }

    /// <summary>Reads a context by the attributes of a region that was put together from parts.</summary>
    public PreparedContext Prepare(DeviceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return PreparedContext.Prepare(context, _attributes);
    }

    /// <summary>Whether a context lies in the region at a moment.</summary>
    /// <exception cref="ArgumentException">The context was prepared by another bundle.</exception>
    public bool Contains(PreparedContext context, DateTimeOffset now)
    {
        Demand(context);
        bool askedClock = false;
        PreparedContext.AtTime at = context.At(now, ref askedClock);
        foreach (RegionConstraint constraint in Constraints)
        {
            bool isKnown = at.TryGet(constraint.Facet, out long code);
            if (constraint.Codes is { } codes ? !isKnown || !codes.Contains(code) : isKnown)
                return false;
        }
        return true;
    }

    /// <summary>What a context in the region misses of all that the region asks for.</summary>
    /// <exception cref="ArgumentException">The context was prepared by another bundle.</exception>
    public Gaps GapsOf(PreparedContext context, DateTimeOffset now)
    {
        Demand(context);
        return Gaps.Of(_attributes, Constraints, context, now);
    }

    /// <summary>Whether a context lies in the region at a moment, straight from raw values: nothing is prepared or allocated.</summary>
    /// <param name="values">For a region that was put together from parts a value for each attribute of <see cref="Parts"/>, in that order; the default where it is missing.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="ArgumentException">There are fewer or more values than attributes.</exception>
    public bool Contains(ReadOnlySpan<AttributeValue> values, DateTimeOffset now)
    {
        if (values.Length != _attributes.Codings.Length)
            throw new ArgumentException($"there are {values.Length} values for {_attributes.Codings.Length} attributes", nameof(values));
        var raw = new RawContext(_attributes, values, now);
        foreach (RegionConstraint constraint in Constraints)
        {
            bool isKnown = raw.TryGet(constraint.Facet, out long code);
            if (constraint.Codes is { } codes ? !isKnown || !codes.Contains(code) : isKnown)
                return false;
        }
        return true;
    }

    /// <summary>The moment at which a context that lies in the region now leaves it by the clock alone; null where it never does.</summary>
    /// <exception cref="ArgumentException">The context was prepared by another bundle.</exception>
    public DateTimeOffset? HoldsUntil(PreparedContext context, DateTimeOffset now)
    {
        Demand(context);
        if (!_isTimed)
            return null;
        bool askedClock = false;
        PreparedContext.AtTime at = context.At(now, ref askedClock);
        long moment = now.ToUnixTimeSeconds(), first = long.MaxValue;
        foreach (RegionConstraint constraint in Constraints)
        {
            if (_attributes.IsTimed[constraint.Facet])
                first = Math.Min(first, UntilOf(constraint, at, moment));
        }
        return Moment(first);
    }

    /// <summary>The moment at which the region ends for everybody, by constraints of the clock alone; null where it never does.</summary>
    public DateTimeOffset? ClosesAt(DateTimeOffset now)
    {
        long moment = now.ToUnixTimeSeconds(), first = long.MaxValue;
        foreach (RegionConstraint constraint in Constraints)
        {
            Facet facet = _attributes.Facets[constraint.Facet];
            if (facet.IsClock && constraint.Codes is { } codes)
                first = Math.Min(first, UntilOf(facet, codes, facet.Read(moment), moment));
        }
        return Moment(first);
    }

    /// <summary>The constraints, joined by <c>and</c>; <c>everywhere</c> where there are none.</summary>
    public override string ToString() => Constraints.IsEmpty ? "everywhere" : string.Join(" and ", Constraints);

    private long UntilOf(RegionConstraint constraint, PreparedContext.AtTime context, long now)
    {
        Facet facet = _attributes.Facets[constraint.Facet];
        if (constraint.Codes is not { } codes)
            return UntilKnown(facet, context, now);
        if (!context.TryGet(constraint.Facet, out long code))
            return now;
        if (facet.IsClock)
            return UntilOf(facet, codes, code, now);
        if (codes.IntervalOf(code) is var at && at < 0)
            return now;
        // An age that is known stays so until it is beyond its range.
        return facet.Kind != FacetKind.Has ? AgeEnds(facet.Attribute, codes.Intervals[at].High - code, now)
            : code == 1 ? AgeEnds(facet.Attribute, _attributes.Codings[facet.Attribute].Highest - AgeOf(facet.Attribute, context), now)
            : UntilKnown(facet, context, now);
    }

    private static long UntilOf(Facet clock, IntervalSet codes, long shown, long now)
    {
        if (codes.IntervalOf(shown) is var at && at < 0)
            return now;
        long high = codes.Intervals[at].High;
        return clock.Kind switch
        {
            FacetKind.Now => high == long.MaxValue ? high : high + 1,
            FacetKind.TimeOfDay => UntilWrapping(codes, high - shown + 1, high, 86_400, now, 1),
            _ => UntilWrapping(codes, (high - shown + 1) * 86_400 - Facet.TimeOfDay(clock.Other).Read(now), high, 7, now, 86_400),
        };
    }

    private static DateTimeOffset? Moment(long seconds) => seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? null : DateTimeOffset.FromUnixTimeSeconds(seconds);

    /// <summary>An interval that ends with the cycle goes on where the next cycle begins.</summary>
    private static long UntilWrapping(IntervalSet codes, long left, long high, long cycle, long now, long unit)
    {
        if (codes.Covers(0, cycle - 1))
            return long.MaxValue;
        if (high == cycle - 1 && codes.Intervals[0].Low == 0)
            left += (codes.Intervals[0].High + 1) * unit;
        return now + left;
    }

    private static long AgeEnds(int attribute, long left, long now) => attribute < 0 || left > long.MaxValue - now - 1 ? long.MaxValue : now + left + 1;

    private static long AgeOf(int attribute, PreparedContext.AtTime context) => context.TryGet(attribute, out long age) ? age : 0;

    /// <summary>An age is unknown while its instant lies ahead, or not far enough back for its range; otherwise it stays unknown.</summary>
    private long UntilKnown(Facet facet, PreparedContext.AtTime context, long now) =>
        context.TryGet(_attributes.AgeOf[facet.Attribute], out long since) && since + _attributes.Codings[facet.Attribute].Lowest is var known && known > now
            ? known
            : long.MaxValue;

    private void Demand(PreparedContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!ReferenceEquals(context.Table, _attributes))
            throw new ArgumentException("the context was prepared by another bundle", nameof(context));
    }
}
