using System.Net;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// Tells the log who did not get in and why: each reason of a peer once a minute and, at the minute's end, how often it came again. The audit log has a record of each peer and minute. Whoever
/// connects in a loop, from many addresses or with ever new certificates, fills neither the log nor the memory. The counts of the minute are the
/// only state; one lock guards them.
/// </summary>
internal sealed class RefusedConnections(TimeProvider clock, AuditTrail audit, ILogger<RefusedConnections> log) : IDisposable
{
    /// <summary>Reasons of one peer in a minute that are told one by one: enough for a site of devices behind one address.</summary>
    internal const int MaximumReasons = 20;

    /// <summary>Peers in a minute that are told one by one.</summary>
    internal const int MaximumPeers = 50;

    /// <summary>What the audit log has in the place of a call: none came about.</summary>
    private const string NoRpc = "connection";

    private const string OtherPeers = "other addresses";
    private const string OtherReasons = "not told one by one";

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    /// <summary>Of each peer the reasons of this minute, and how often each came without being told.</summary>
    private readonly Dictionary<string, Dictionary<string, int>> _untold = new(StringComparer.Ordinal);

    private ITimer? _ending;

    /// <summary>Somebody who showed no certificate, or with whom no handshake came about.</summary>
    public void Connection(IPAddress? peer, string reason) =>
        Refused(peer, reason, address => log.ConnectionRefused(address, reason));

    /// <summary>Somebody whose certificate is not one to let in.</summary>
    public void Certificate(IPAddress? peer, string thumbprint, string reason) =>
        Refused(peer, $"the client certificate {thumbprint}: {reason}", address => log.ClientCertificateRefused(thumbprint, reason, address));

    /// <summary>Tells how often what was told came again, and begins anew.</summary>
    public void EndWindow()
    {
        (string Peer, string Reason, int Times)[] again;
        (string Peer, string Reason, int Times)[] peers;
        lock (_lock)
        {
            peers = [.. _untold.Select(peer => (peer.Key, peer.Value.Keys.First(), peer.Value.Sum(reason => reason.Key == OtherReasons ? reason.Value : reason.Value + 1)))];
            again = [.. _untold.SelectMany(peer => peer.Value.Where(reason => reason.Value > 0).Select(reason => (peer.Key, reason.Key, reason.Value)))];
            _untold.Clear();
            _ending?.Dispose();
            _ending = null;
        }
        foreach ((string peer, string reason, int times) in again)
            log.RefusedAgain(peer, times, reason);
        foreach ((string peer, string reason, int times) in peers)
            audit.Note(null, "", record => record.Denial = new AuditDenial { Rpc = NoRpc, Reason = $"{times} refused from {peer} within a minute, of which the first: {reason}" });
    }

    public void Dispose() => EndWindow();

    private void Refused(IPAddress? from, string reason, Action<string> tell)
    {
        string peer = from is null ? "an unknown address" : $"{(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from)}";
        if (IsTold(peer, reason))
            tell(peer);
    }

    /// <summary>Whether it is to be told now; otherwise it was counted.</summary>
    private bool IsTold(string peer, string reason)
    {
        lock (_lock)
        {
            _ending ??= clock.CreateTimer(_ => EndWindow(), null, Window, Timeout.InfiniteTimeSpan);
            if (!_untold.ContainsKey(peer) && _untold.Count >= MaximumPeers)
                (peer, reason) = (OtherPeers, OtherReasons);
            if (!_untold.TryGetValue(peer, out Dictionary<string, int>? reasons))
                _untold[peer] = reasons = new Dictionary<string, int>(StringComparer.Ordinal);
            if (!reasons.ContainsKey(reason) && reasons.Count >= MaximumReasons)
                reason = OtherReasons;
            bool isNew = reasons.TryAdd(reason, 0);
            if (isNew && reason != OtherReasons)
                return true;
            reasons[reason]++;
            return false;
        }
    }
}
