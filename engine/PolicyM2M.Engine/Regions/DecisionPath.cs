using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// The way that a decision took, noted while it was made; from it <see cref="Region"/> tells the region in which the decision holds. Meant to be used
/// again and again: once it has grown, noting a way allocates nothing. Mutable, for one thread at a time.
/// </summary>
public sealed class DecisionPath
{
    private long[] _turns = new long[64];
    private int _turnCount;
    private ulong _hash;
    private RegionMemory? _regions;

    /// <summary>The region of the decision last made with this path.</summary>
    /// <exception cref="InvalidOperationException">No decision was made with it.</exception>
    public Region Region() => _regions is null
        ? throw new InvalidOperationException("no decision was made with this path")
        : _regions.Read(_turns.AsSpan(0, _turnCount), RunningHash.Of(_hash, _turnCount));

    internal void Begin(RegionMemory regions)
    {
        _turnCount = 0;
        _hash = 0;
        _regions = regions;
    }

    /// <summary>Writes a way down. A struct, so that walks are compiled for it and not for any class.</summary>
    internal readonly struct Pen(DecisionPath path) : IPath
    {
        public void Turn(int node, int step) => Note(RegionMemory.Turn(node, step));

        public void Miss(int facet) => Note(RegionMemory.Miss(facet));

        public void Restart()
        {
            path._turnCount = 0;
            path._hash = 0;
        }

        private void Note(long turn)
        {
            int at = path._turnCount;
            if ((uint)at >= (uint)path._turns.Length)
                Array.Resize(ref path._turns, path._turns.Length * 2);
            path._turns[at] = turn;
            path._turnCount = at + 1;
            path._hash = RunningHash.With(path._hash, turn);
        }
    }
}
