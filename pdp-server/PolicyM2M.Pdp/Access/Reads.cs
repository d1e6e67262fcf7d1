using Google.Protobuf;
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

    /// <summary>More than a person looks at in a minute. What a program looks at beyond is counted.</summary>
    private const int MaximumOfOne = 500;

    private readonly AuditTrail _audit;
    private readonly Repetitions<Who, What> _told;

    public Reads(AuditTrail audit, TimeProvider clock)
    {
        _audit = audit;
        _told = new(clock, MaximumCallers, MaximumOfOne, new Who(null), new What("not told one by one", new AskedFor("", "")), (who, what, times) => Record(who.Caller, what, times));
    }

    /// <summary>A caller is let through to an RPC.</summary>
    public void Note(string rpc, Caller caller, IMessage request)
    {
        if (!AccessTable.IsRead(rpc))
            return;
        var what = new What(rpc, AskedFor.Of(request));
        if (_told.IsNew(new Who(caller), what))
            Record(caller, what, 0);
    }

    /// <summary>Records how often what was recorded came again, and begins anew.</summary>
    public void EndWindow() => _told.EndWindow();

    public void Dispose() => _told.Dispose();

    private void Record(Caller? caller, What what, int again) => _audit.Note(caller, what.Asked.Device, record => record.Read = new AuditRead
    {
        Rpc = what.Rpc,
        Again = (ulong)again,
        Filter = what.Asked.Filter,
    });

    /// <summary>A caller; null for those beyond the limit.</summary>
    private readonly record struct Who(Caller? Caller);

    private readonly record struct What(string Rpc, AskedFor Asked);
}
