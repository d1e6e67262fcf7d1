using System.Net;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Limits;

/// <summary>
/// The one place through which all goes that is turned away for being beyond a limit. The log names a caller and its limit once a minute, and the audit log has one record for each caller and minute: whoever floods
/// fills neither. Of connections that are turned away before anybody knows whose they are it has one for each address.
/// </summary>
internal sealed class Overloads : IDisposable
{
    /// <summary>Callers in a minute that are told one by one.</summary>
    private const int MaximumCallers = 1_000;

    /// <summary>There are few limits, and each has its words.</summary>
    private const int MaximumReasons = 16;

    private readonly PdpMetrics _metrics;
    private readonly ILogger<Overloads> _log;
    private readonly Repetitions<Who, string> _told;

    public Overloads(AuditTrail audit, PdpMetrics metrics, TimeProvider clock, ILogger<Overloads> log)
    {
        (_metrics, _log) = (metrics, log);
        _told = new(clock, MaximumCallers, MaximumReasons, new Who(null, null), "not told one by one", (_, _, _) => { })
        {
            Ended = (who, first, times) => audit.Note(who.Caller, "", record => record.Overload = new AuditOverload { Reason = who.Address is null ? first : $"{first}; from {who.Address}", Times = (ulong)times }),
        };
    }

    /// <summary>A call, or a message of a stream, is turned away.</summary>
    public void Turned(Caller caller, string reason)
    {
        _metrics.Overloaded();
        if (_told.IsNew(new Who(caller, null), reason))
            _log.Overloaded($"{caller.Id}", reason);
    }

    /// <summary>A connection is turned away.</summary>
    public void Turned(IPAddress address, string reason)
    {
        _metrics.Overloaded();
        IPAddress network = ConnectionPlaces.NetworkOf(address);
        if (_told.IsNew(new Who(null, network), reason))
            _log.OverloadedFrom(network, reason);
    }

    /// <summary>Records what was turned away, and begins anew.</summary>
    public void EndWindow() => _told.EndWindow();

    public void Dispose() => _told.Dispose();

    /// <summary>A caller, or an address of which no caller is known; neither for those beyond the limit.</summary>
    private readonly record struct Who(Caller? Caller, IPAddress? Address);
}
