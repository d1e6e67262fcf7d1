using Grpc.Core;
using PolicyM2M.Audit;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Access;

/// <summary>
/// The one place through which every denial goes: whoever keeps a record of them keeps it here. The same again within a minute is counted, and its count told at the end: a caller that is denied in a
/// loop must not fill the disk of the audit log, without which nobody is answered. Connections that were never let in are told by <see cref="RefusedConnections"/>.
/// </summary>
internal sealed class Denials : IDisposable
{
    /// <summary>Denials of one caller in a minute that are told one by one: more than a gateway has devices that were moved away, and as many as there are RPCs.</summary>
    internal const int MaximumOfOne = 50;

    /// <summary>Callers in a minute that are told one by one; each takes a few hundred bytes until then.</summary>
    private const int MaximumCallers = 10_000;

    private readonly AuditTrail _audit;
    private readonly PdpMetrics _metrics;
    private readonly ILogger<Denials> _log;
    private readonly Repetitions<Who, What> _told;

    public Denials(AuditTrail audit, PdpMetrics metrics, TimeProvider clock, ILogger<Denials> log)
    {
        (_audit, _metrics, _log) = (audit, metrics, log);
        _told = new(clock, MaximumCallers, MaximumOfOne, new Who(null), new What("", new RefusalWords("not told one by one"), ""), Again);
    }

    /// <summary>Records that a caller may not do this.</summary>
    /// <param name="rpc">What it called.</param>
    /// <param name="caller">Who it is.</param>
    /// <param name="status">What it is told. Why is for the log: a caller must not learn which devices there are, or where.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="device">The device that it asked about; null where it did not come to that.</param>
    /// <returns>What ends the call.</returns>
    public RpcException Deny(string rpc, Caller caller, Status status, RefusalWords reason, string? device = null)
    {
        _metrics.Denied(rpc);
        if (_told.IsNew(new Who(caller), new What(rpc, reason, device ?? "")))
        {
            _log.Denied(rpc, $"{caller.Id}", device is null ? reason.Text : $"it asked about {device}: {reason.Text}");
            // The caller is told no whether or not that can be recorded: nothing is given away by it.
            _audit.Note(caller, device ?? "", record => record.Denial = new AuditDenial { Rpc = rpc, Reason = reason.For(_audit.Pseudonyms) });
        }
        return new RpcException(status);
    }

    /// <summary>Records how often what was recorded came again, and begins anew.</summary>
    public void EndWindow() => _told.EndWindow();

    public void Dispose() => _told.Dispose();

    private void Again(Who who, What what, int times)
    {
        _log.DeniedAgain(what.Rpc.Length == 0 ? "calls" : what.Rpc, who.Caller is { } caller ? $"{caller.Id}" : "others", Amount.Of(times, "time"),
            what.Device.Length == 0 ? what.Reason.Text : $"it asked about {what.Device}: {what.Reason.Text}");
        _audit.Note(who.Caller, what.Device, record => record.Denial = new AuditDenial { Rpc = what.Rpc, Reason = what.Reason.For(_audit.Pseudonyms), Again = (ulong)times });
    }

    /// <summary>A caller; null for those beyond the limit.</summary>
    private readonly record struct Who(Caller? Caller);

    private readonly record struct What(string Rpc, RefusalWords Reason, string Device);
}
