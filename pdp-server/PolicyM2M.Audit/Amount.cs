namespace PolicyM2M.Audit;

/// <summary>How many of something there are, for people.</summary>
internal static class Amount
{
    /// <summary>Such as <c>1 record</c> or <c>2 records</c>.</summary>
    public static string Of(long number, string what) =>
        number == 1 ? $"1 {what}" : what.EndsWith('y') ? $"{number} {what[..^1]}ies" : $"{number} {what}s";
}
