namespace PolicyM2M.Engine.Trees;

/// <summary>Compares sets of rules, given as ascending places, without copying the one looked for.</summary>
internal sealed class RuleSets : IEqualityComparer<int[]>, IAlternateEqualityComparer<ReadOnlySpan<int>, int[]>
{
    public static readonly RuleSets Comparer = new();

    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(int[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<int> alternate, int[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<int> alternate)
    {
        uint hash = 2166136261;
        foreach (int place in alternate)
            hash = (hash ^ (uint)place) * 16777619;
        return (int)(hash ^ (hash >> 15));
    }

    public int[] Create(ReadOnlySpan<int> alternate) => alternate.ToArray();
}
