namespace PolicyM2M.Store;

/// <summary>
/// How much a policy set may hold. Whoever may push to the repository decides what the reader allocates, so that needs an end;
/// real sets have tens of files of a few kilobytes, and one that a program wrote, with a case for each of 40,000 rules, has five megabytes.
/// </summary>
internal static class SourceLimits
{
    public const int MaximumFiles = 2_000;
    public const int MaximumDepth = 16;
    public const long MaximumFileBytes = 8 << 20;
    public const long MaximumTotalBytes = 16 << 20;

    /// <summary>Entries looked at, sources or not: a tree can be made huge at no cost by repeating one subtree.</summary>
    public const int MaximumEntries = 20_000;
}
