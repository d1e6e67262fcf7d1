using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Regions;

/// <summary>What a decision asked of a context and did not find, in three kinds that mean different things. Names are in ordinal order.</summary>
public sealed class Gaps
{
    private Gaps(ImmutableArray<string> missing, ImmutableArray<string> silent, ImmutableArray<string> unknownAges)
    {
        Missing = missing;
        Silent = silent;
        UnknownAges = unknownAges;
    }

    /// <summary>The attributes that are missing and without which it was decided: to give any other would change nothing. For an age it is its instant.</summary>
    public ImmutableArray<string> Missing { get; }

    /// <summary>
    /// Those that are missing where a rule asks just that, by <c>has</c>: silence is then an answer, and the decision need not be the strictest over all they could be. For an age it is its instant.
    /// </summary>
    public ImmutableArray<string> Silent { get; }

    /// <summary>The ages that count as missing although their instants are given: an instant lies ahead of the moment, or the age is beyond its range.</summary>
    public ImmutableArray<string> UnknownAges { get; }

    /// <summary>Several as one.</summary>
    public static Gaps Of(IReadOnlyCollection<Gaps> several)
    {
        ArgumentNullException.ThrowIfNull(several);
        return new Gaps(All(gaps => gaps.Missing), All(gaps => gaps.Silent), All(gaps => gaps.UnknownAges));

        ImmutableArray<string> All(Func<Gaps, ImmutableArray<string>> names) => [.. several.SelectMany(gaps => names(gaps)).Distinct().Order(StringComparer.Ordinal)];
    }

    internal static Gaps Of(AttributeTable attributes, ImmutableArray<RegionConstraint> constraints, PreparedContext context, DateTimeOffset now)
    {
        bool askedClock = false;
        PreparedContext.AtTime at = context.At(now, ref askedClock);
        HashSet<string> missing = [], silent = [], ages = [];
        foreach (RegionConstraint constraint in constraints)
        {
            Facet facet = attributes.Facets[constraint.Facet];
            if (constraint.IsMissing)
                missing.UnionWith(constraint.Attributes.Select(Given));
            else if (facet.Kind == FacetKind.Has && constraint.Codes?.Contains(1) == false)
                silent.Add(Given(constraint.Subject));
            if (facet.Kind is FacetKind.Value or FacetKind.Has && attributes.AgeOf[facet.Attribute] is >= 0 and int instant
                && at.TryGet(instant, out _) && !at.TryGet(facet.Attribute, out _))
            {
                ages.Add(constraint.Subject);
            }
        }
        return new Gaps([.. context.Missing.Where(missing.Contains)], [.. context.Missing.Where(silent.Contains)], [.. ages.Order(StringComparer.Ordinal)]);

        string Given(string name) => attributes.Codings[attributes.Indexes[name]].Definition.AgeOf ?? name;
    }
}
