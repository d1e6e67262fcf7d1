namespace PolicyM2M.Registry.Databases;

/// <summary>
/// Shortens the history of changes. In parts, each a statement of its own: none runs into the time limit of a command, and writers wait for no more than one. Parts go by number, which is the order that the
/// table has: no index need be written with each change for it.
/// </summary>
internal static class ForgottenChanges
{
    /// <summary>So many changes are looked at by one statement.</summary>
    internal const int PartSize = 1_000;

    private static readonly string EndOfPart =
        $"SELECT COALESCE(MAX(sequence), 0) FROM (SELECT sequence FROM changes WHERE sequence > @after AND sequence <= @last ORDER BY sequence LIMIT {PartSize}) part";

    private const string Forget = "DELETE FROM changes WHERE sequence > @after AND sequence <= @end AND at < @before AND (verb <> @verb OR EXISTS "
        + "(SELECT 1 FROM changes later WHERE later.device_id = changes.device_id AND later.verb = @verb AND later.sequence > changes.sequence))";

    /// <summary>Forgets what is older than both: an instant, and the newest changes. The last reinstatement of each device stays.</summary>
    public static async Task RunAsync(SqlSession sql, DateTimeOffset before, long newest)
    {
        long last = await sql.NumberAsync("SELECT sequence FROM registry").ConfigureAwait(false) - newest;
        // What stays is not looked at again: it is before the next part.
        for (long after = 0, end; (end = await sql.NumberAsync(EndOfPart, ("after", after), ("last", last)).ConfigureAwait(false)) > 0; after = end)
        {
            await sql.RunAsync(Forget, ("after", after), ("end", end), ("before", before.ToUnixTimeMilliseconds()), ("verb", DeviceChange.Reinstate.Name)).ConfigureAwait(false);
        }
    }
}
