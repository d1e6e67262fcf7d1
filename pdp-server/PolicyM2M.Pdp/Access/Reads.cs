using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Access;

/// <summary>
/// Records what operators and auditors look at. What the same caller looks at again within a minute is counted, and the count is a record at its end: a screen that is refreshed must not fill the log that it shows.
/// Nobody waits for these records: who looks why nobody is answered must be told.
/// </summary>
internal sealed class Reads : IDisposable
{
    /// <summary>Callers in a minute that are told one by one: operators and auditors are people, and few programs.</summary>
    private const int MaximumCallers = 1_000;

    /// <summary>More than there are RPCs.</summary>
    private const int MaximumRpcs = 100;

    private readonly AuditTrail _audit;
    private readonly Repetitions<Who, string> _told;

    public Reads(AuditTrail audit, TimeProvider clock)
    {
        _audit = audit;
        _told = new(clock, MaximumCallers, MaximumRpcs, new Who(null), "not told one by one", (who, rpc, times) => Record(who.Caller, rpc, times));
    }

    /// <summary>A caller is let through to an RPC.</summary>
    public void Note(string rpc, Caller caller)
    {
        // With another certificate it is the same caller.
        if (AccessTable.IsRead(rpc) && _told.IsNew(new Who(caller with { Until = default }), rpc))
            Record(caller, rpc, 0);
    }

    /// <summary>Records how often what was recorded came again, and begins anew.</summary>
    public void EndWindow() => _told.EndWindow();

    public void Dispose() => _told.Dispose();

    private void Record(Caller? caller, string rpc, int again) => _audit.Note(caller, "", record => record.Read = new AuditRead { Rpc = rpc, Again = (ulong)again });

    /// <summary>A caller; null for those beyond the limit.</summary>
    private readonly record struct Who(Caller? Caller);
}
