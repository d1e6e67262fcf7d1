namespace PolicyM2M.Engine.Trees;

/// <summary>Looks up codes among ascending bounds.</summary>
internal static class Ascending
{
    /// <summary>How many bounds are not above a code: the place of its cell.</summary>
    public static int NotAbove(ReadOnlySpan<long> bounds, long code)
    {
        int low = 0, high = bounds.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (bounds[middle] <= code)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
