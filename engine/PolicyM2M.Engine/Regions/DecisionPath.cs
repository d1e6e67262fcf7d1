using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// The way that a decision took, noted while it was made; from it <see cref="Region"/> tells the region in which the decision holds. Meant to be used
/// again and again: once it has grown, noting a way allocates nothing. Mutable, for one thread at a time.
/// </summary>
public sealed class DecisionPath : IPath
{
    private (int Node, int Step)[] _turns = new (int, int)[64];
    private (int Facet, bool IsKnown, long Code)[] _pins = new (int, bool, long)[8];
    private int _turnCount;
    private int _pinCount;
    private DecisionTrees? _trees;
    private AttributeTable? _attributes;

    /// <summary>The region of the decision last made with this path.</summary>
    /// <exception cref="InvalidOperationException">No decision was made with it.</exception>
    public Region Region() => _trees is null || _attributes is null
        ? throw new InvalidOperationException("no decision was made with this path")
        : new RegionReader(_trees, _attributes).Read(_turns.AsSpan(0, _turnCount), _pins.AsSpan(0, _pinCount));

    /// <inheritdoc/>
    void IPath.Turn(int node, int step)
    {
        int at = _turnCount;
        if ((uint)at >= (uint)_turns.Length)
            Array.Resize(ref _turns, _turns.Length * 2);
        _turns[at] = (node, step);
        _turnCount = at + 1;
    }

    /// <inheritdoc/>
    void IPath.Pin(int facet, bool isKnown, long code)
    {
        if (_pinCount == _pins.Length)
            Array.Resize(ref _pins, _pins.Length * 2);
        _pins[_pinCount++] = (facet, isKnown, code);
    }

    /// <inheritdoc/>
    void IPath.Restart() => _turnCount = _pinCount = 0;

    internal void Begin(DecisionTrees trees, AttributeTable attributes)
    {
        _turnCount = _pinCount = 0;
        _trees = trees;
        _attributes = attributes;
    }
}
