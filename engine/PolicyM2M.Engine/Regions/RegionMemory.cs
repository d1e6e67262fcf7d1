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

    /// <summary>The region of a way.</summary>
    public Region Read(ReadOnlySpan<long> turns, ReadOnlySpan<(int Facet, bool IsKnown, long Code)> pins)
    {
        ReadOnlySpan<long> key = pins.IsEmpty ? turns : Joined(turns, pins);
        ulong hash = DirectCache<Region>.Hash(key);
        if (_regions.Find(key, hash) is { } known)
            return known;
        Region region = new RegionReader(trees, attributes).Read(turns, pins);
        _regions.Keep(key, hash, region);
        return region;
    }

    /// <summary>Ends with the number of pins in the complement: a negative number, which no key of turns alone ends with.</summary>
    private static long[] Joined(ReadOnlySpan<long> turns, ReadOnlySpan<(int Facet, bool IsKnown, long Code)> pins)
    {
        var key = new long[turns.Length + 2 * pins.Length + 1];
        turns.CopyTo(key);
        int at = turns.Length;
        foreach ((int facet, bool isKnown, long code) in pins)
        {
            key[at++] = isKnown ? facet : ~facet;
            key[at++] = isKnown ? code : 0;
        }
        key[at] = ~pins.Length;
        return key;
    }
}
