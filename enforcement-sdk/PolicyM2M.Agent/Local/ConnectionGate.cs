using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Agent.Local.Protocol;

namespace PolicyM2M.Agent.Local;

/// <summary>What each connection comes through before its words are read. Holds nothing of its own but its parts; safe for all threads.</summary>
/// <param name="admission">Who gets in.</param>
/// <param name="limits">For how long one may say nothing.</param>
internal sealed class ConnectionGate(PeerAdmission admission, ConnectionLimits limits)
{
    private readonly Farewell _farewell = new();

    /// <summary>Serves a connection to its end.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        // Asked once for each connection: who made it stays who made it.
        Peer peer = Peer.Of(connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket);
        using var silence = new Silence(limits.LongestSilence, () =>
        {
            admission.CountSilent();
            connection.Abort();
        });
        if (admission.Enter(peer, silence) is { } refusal)
        {
            silence.Break();
            await _farewell.SayAsync(connection, refusal);
            return;
        }
        try
        {
            connection.Features.Set(peer);
            connection.Features.Set(silence);
            await next(connection);
        }
        finally
        {
            admission.Leave(peer, silence);
        }
    }
}
