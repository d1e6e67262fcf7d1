using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Agent.Applying;

/// <summary>
/// The revocation lists that a service is given, looked at for it: a stack reads them when it is told, says nothing of one that it cannot read while it runs, and takes one until that ends. Safe for all threads.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="now">The time.</param>
internal sealed class ServiceLists(ManagedService service, Func<DateTimeOffset> now)
{
    /// <summary>Many times a list of a hundred thousand certificates.</summary>
    public const long LargestFile = 64 << 20;

    private const int Soft = 1, Hard = 2;

    private readonly RevocationListFiles? _files = Of(service);

    /// <summary>Whether the agent sees to the age of the lists, which no stack does.</summary>
    public bool HoldsAge => _files is not null && !service.Options.HeldElsewhere.Contains(Field.RevocationWithin.Name);

    /// <summary>What is wrong with the lists by an auth decision; null where nothing is, or it asks for none.</summary>
    public (string Text, bool Ends)? Fault(Outcome auth)
    {
        int rank = auth.RankOf(Field.Revocation);
        if (_files is null || rank < Soft)
            return null;
        RevocationListFiles.Content content = _files.Read();
        string? fault = content is { Faults: [var unusable, ..] } ? $"its revocation lists cannot be used: {unusable}" : rank < Hard ? null : Aged(content, auth.TimeOf(Field.RevocationWithin));
        // Soft: whoever has no list to go by stops nobody.
        return fault is null ? null : (fault, rank >= Hard);
    }

    /// <summary>Why the lists of a service cannot be used, whatever is decided; null where they can, or there are none on this machine.</summary>
    public static string? Unusable(ManagedService service) => Of(service)?.Read() is { Faults: [var unusable, ..] } ? unusable : null;

    private static RevocationListFiles? Of(ManagedService service) =>
        service.Options.RevocationLists is { } path && Path.IsPathFullyQualified(path) ? new RevocationListFiles(path) : null;

    private string? Aged(RevocationListFiles.Content content, TimeSpan? within)
    {
        DateTimeOffset at = now();
        if (content.Times(at) is not var (made, ends))
            return "it has no revocation list";
        return at > ends ? $"its revocation list ended at {ends:u}"
            : HoldsAge && at - made > within ? $"its revocation list is of {made:u}, older than the decision allows"
            : null;
    }
}
