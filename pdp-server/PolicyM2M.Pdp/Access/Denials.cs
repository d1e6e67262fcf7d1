using Grpc.Core;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Access;

/// <summary>
/// The one place through which every denial goes: whoever keeps a record of them keeps it here. Connections that were never let in are told by
/// <see cref="RefusedConnections"/>.
/// </summary>
internal sealed class Denials(AuditTrail audit, PdpMetrics metrics, ILogger<Denials> log)
{
    /// <summary>Records that a caller may not do this.</summary>
    /// <param name="rpc">What it called.</param>
    /// <param name="caller">Who it is.</param>
    /// <param name="status">What it is told. Why is for the log: a caller must not learn which devices there are, or where.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="device">The device that it asked about; null where it did not come to that.</param>
    /// <returns>What ends the call.</returns>
    public RpcException Deny(string rpc, Caller caller, Status status, string reason, string? device = null)
    {
        metrics.Denied(rpc);
        log.Denied(rpc, $"{caller.Id}", device is null ? reason : $"it asked about {device}: {reason}");
        // The caller is told no whether or not that can be recorded: nothing is given away by it.
        audit.Note(caller, device ?? "", record => record.Denial = new AuditDenial { Rpc = rpc, Reason = reason });
        return new RpcException(status);
    }
}
