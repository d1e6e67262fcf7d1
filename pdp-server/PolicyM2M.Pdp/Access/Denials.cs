using Grpc.Core;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Sight.Metrics;

namespace PolicyM2M.Pdp.Access;

/// <summary>
/// The one place through which every denial goes: whoever keeps a record of them keeps it here. Connections that were never let in are told by
/// <see cref="RefusedConnections"/>.
/// </summary>
internal sealed class Denials(PdpMetrics metrics, ILogger<Denials> log)
{
    /// <summary>Records that a caller may not do this.</summary>
    /// <param name="rpc">What it called.</param>
    /// <param name="caller">Who it is.</param>
    /// <param name="status">What it is told. Why is for the log: a caller must not learn which devices there are, or where.</param>
    /// <param name="reason">Why not.</param>
    /// <returns>What ends the call.</returns>
    public RpcException Deny(string rpc, Caller caller, Status status, string reason)
    {
        metrics.Denied(rpc);
        log.Denied(rpc, $"{caller.Id}", reason);
        return new RpcException(status);
    }
}
