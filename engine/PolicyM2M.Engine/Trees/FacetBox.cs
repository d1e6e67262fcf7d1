using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>For each facet what it can be, each by itself. Mutable: a walk narrows it on its way down, and widens it again.</summary>
internal sealed class FacetBox(AttributeTable attributes)
{
    private readonly Dictionary<int, IntervalSet> _codes = [];

    /// <summary>The codes that a facet can have; null where it may be missing too, and nothing is known of it.</summary>
    public IntervalSet? this[int facet] => _codes.TryGetValue(facet, out IntervalSet codes) ? codes
        : attributes.Facets[facet] is { IsClock: true } or { Kind: FacetKind.Has } ? All(facet)
        : null;

    /// <summary>Every code of a facet.</summary>
    public IntervalSet All(int facet) => IntervalSet.Between(attributes.Codes[facet].Lowest, attributes.Codes[facet].Highest);

    /// <summary>Lets a facet have only these codes; returns what <see cref="Restore"/> takes to undo it.</summary>
    public IntervalSet? Narrow(int facet, IntervalSet codes)
    {
        IntervalSet? before = _codes.TryGetValue(facet, out IntervalSet known) ? known : null;
        _codes[facet] = codes;
        return before;
    }

    /// <summary>Takes back what <see cref="Narrow"/> did.</summary>
    public void Restore(int facet, IntervalSet? before)
    {
        if (before is { } codes)
            _codes[facet] = codes;
        else
            _codes.Remove(facet);
    }
}
