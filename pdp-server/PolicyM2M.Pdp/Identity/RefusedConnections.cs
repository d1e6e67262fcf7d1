using System.Net;
using PolicyM2M.Audit;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// Tells the log who did not get in and why: each reason of a peer once a minute and, at the minute's end, how often it came again. The audit log has a record of each peer and minute. Whoever
/// connects in a loop, from many addresses or with ever new certificates, fills neither the log nor the memory.
/// </summary>
internal sealed class RefusedConnections : IDisposable
{
    /// <summary>Reasons of one peer in a minute that are told one by one: enough for a site of devices behind one address.</summary>
    internal const int MaximumReasons = 20;

    /// <summary>Peers in a minute that are told one by one.</summary>
    internal const int MaximumPeers = 50;

    /// <summary>What the audit log has in the place of a call: none came about.</summary>
    private const string NoRpc = "connection";

    private readonly ILogger<RefusedConnections> _log;
    private readonly Repetitions<string, RefusalWords> _told;

    public RefusedConnections(TimeProvider clock, AuditTrail audit, ILogger<RefusedConnections> log)
    {
        _log = log;
        _told = new(clock, MaximumPeers, MaximumReasons, "other addresses", new RefusalWords("not told one by one"), (peer, reason, times) => log.RefusedAgain(peer, Amount.Of(times, "more connection"), reason.Text))
        {
            Ended = (peer, first, times) =>
                audit.Note(null, "", record => record.Denial = new AuditDenial { Rpc = NoRpc, Reason = $"{times} refused from {peer} within a minute, of which the first: {first.For(audit.Pseudonyms)}" }),
        };
    }

    /// <summary>Somebody who showed no certificate, or with whom no handshake came about.</summary>
    public void Connection(IPAddress? peer, RefusalWords reason) =>
        Refused(peer, reason, address => _log.ConnectionRefused(address, reason.Text));

    /// <summary>Somebody whose certificate is not one to let in.</summary>
    /// <param name="peer">Where it came from.</param>
    /// <param name="thumbprint">What tells the certificate from others: the SHA-1 of it, as tools show it.</param>
    /// <param name="names">Whom it names. Nobody vouches for that.</param>
    /// <param name="reason">Why not.</param>
    public void Certificate(IPAddress? peer, string thumbprint, string names, RefusalWords reason) =>
        Refused(peer, new RefusalWords($"the client certificate of SHA-1 thumbprint {thumbprint}: {reason.Text}; it names {names}", $"a client certificate: {reason.Nameless}"),
            address => _log.ClientCertificateRefused(thumbprint, reason.Text, names, address));

    /// <summary>Tells how often what was told came again, and begins anew.</summary>
    public void EndWindow() => _told.EndWindow();

    public void Dispose() => _told.Dispose();

    private void Refused(IPAddress? from, RefusalWords reason, Action<string> tell)
    {
        string peer = from is null ? "an unknown address" : $"{(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from)}";
        if (_told.IsNew(peer, reason))
            tell(peer);
    }
}
