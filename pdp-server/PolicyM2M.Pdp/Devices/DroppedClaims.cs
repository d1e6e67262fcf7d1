using System.Collections.Concurrent;

namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// How often something was claimed that is not for a device to say, by attribute. Safe for all threads. Only names of the attribute schema get here, so that nobody can make
/// it grow by inventing names.
/// </summary>
internal sealed class DroppedClaims
{
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>The counts since the start, by name.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>Counts the claims of one request that were dropped.</summary>
    public void Add(IEnumerable<DroppedClaim> claims)
    {
        foreach (DroppedClaim claim in claims)
            _counts.AddOrUpdate(claim.Name, 1, (_, count) => count + 1);
    }
}
