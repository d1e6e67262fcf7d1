using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// Reads regions from ways, each way once while it is remembered: devices mostly go the ways that others went, and the same way gives the same object. Safe for all threads.
/// </summary>
internal sealed class RegionMemory(DecisionTrees trees, AttributeTable attributes)
{
    private readonly DirectCache<Region> _regions = new();

    /// <summary>A turn as one number, never negative.</summary>
    public static long Turn(int node, int step) => (long)node << 32 | (uint)step;

    /// <summary>The node and the step of a turn.</summary>
    public static (int Node, int Step) Parts(long turn) => ((int)(turn >> 32), (int)turn);

    /// <summary>That a facet is missing, as one number, always negative.</summary>
    public static long Miss(int facet) => ~(long)facet;

    /// <summary>Whether that is what a number says.</summary>
    public static bool IsMiss(long turn, out int facet)
    {
        facet = (int)~turn;
        return turn < 0;
    }

    /// <summary>The region of a way.</summary>
    /// <param name="turns">The way.</param>
    /// <param name="hash">Its hash: <see cref="RunningHash"/>.</param>
    public Region Read(ReadOnlySpan<long> turns, ulong hash)
    {
        if (_regions.Find(turns, hash) is { } known)
            return known;
        Region region = new RegionReader(trees, attributes).Read(turns);
        _regions.Keep(turns, hash, region);
        return region;
    }
}
