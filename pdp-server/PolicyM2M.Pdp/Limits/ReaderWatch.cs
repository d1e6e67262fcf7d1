using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace PolicyM2M.Pdp.Limits;

/// <summary>
/// A connection that tells when the web server ends it because its reader is too slow: what was written waits in the server's own buffers, so that nobody else finds out. In all else it is the connection
/// that it stands for.
/// </summary>
internal sealed class ReaderWatch(ConnectionContext connection, Action tooSlow) : ConnectionContext
{
    /// <summary>How the server words its reason, which has no other name. A test ends a slow reader, and finds out where that changes.</summary>
    private const string TooSlow = "minimum data rate";

    private int _isTold;

    public override string ConnectionId { get => connection.ConnectionId; set => connection.ConnectionId = value; }

    public override IFeatureCollection Features => connection.Features;

    public override IDictionary<object, object?> Items { get => connection.Items; set => connection.Items = value; }

    public override System.IO.Pipelines.IDuplexPipe Transport { get => connection.Transport; set => connection.Transport = value; }

    public override EndPoint? LocalEndPoint { get => connection.LocalEndPoint; set => connection.LocalEndPoint = value; }

    public override EndPoint? RemoteEndPoint { get => connection.RemoteEndPoint; set => connection.RemoteEndPoint = value; }

    public override CancellationToken ConnectionClosed { get => connection.ConnectionClosed; set => connection.ConnectionClosed = value; }

    /// <summary>Where the peer has gone the server gives no reason, whatever the type says.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (abortReason?.Message.Contains(TooSlow, StringComparison.Ordinal) == true && Interlocked.Exchange(ref _isTold, 1) == 0)
            tooSlow();
        connection.Abort(abortReason!);
    }

    public override void Abort() => connection.Abort();
}
