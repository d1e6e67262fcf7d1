namespace PolicyM2M.Engine.Contexts;

/// <summary>The age of an instant at the moment of a decision.</summary>
internal static class Ages
{
    /// <summary>The age in seconds. An instant that is missing, in the future, or further back than the attribute's range has an age that nobody knows.</summary>
    public static bool TryGet(bool isKnown, long since, long now, AttributeCoding coding, out long age)
    {
        age = 0;
        if (!isKnown || since > now)
            return false;
        UInt128 exact = (UInt128)((Int128)now - since);
        if (exact > (UInt128)coding.Highest || exact < (UInt128)coding.Lowest)
            return false;
        age = (long)exact;
        return true;
    }
}
