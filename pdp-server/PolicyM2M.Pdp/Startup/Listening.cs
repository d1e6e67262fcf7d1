using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace PolicyM2M.Pdp.Startup;

/// <summary>The last step of a start, which the network can refuse.</summary>
internal static class Listening
{
    /// <summary>Finds out whether the address can be had, before anything is made for a server that cannot listen there.</summary>
    /// <exception cref="StartupException">It cannot.</exception>
    public static void Try(IPEndPoint address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(address);
            // Two sockets may be bound to one address; only one may listen.
            socket.Listen(1);
        }
        catch (SocketException fault)
        {
            throw Refused(address, fault.SocketErrorCode == SocketError.AddressAlreadyInUse ? "another process listens there" : fault.Message, fault);
        }
    }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="StartupException">The address cannot be had.</exception>
    /// <exception cref="OperationCanceledException">The server was asked to end before it listened.</exception>
    public static async Task ListenAsync(this WebApplication server, PdpOptions options, CancellationToken asked)
    {
        try
        {
            await server.StartAsync(asked);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            string reason = fault is AddressInUseException || fault.InnerException is AddressInUseException ? "another process listens there" : fault.Message;
            throw Refused(options.Listen, reason, fault);
        }
    }

    /// <summary>That an address cannot be had, and what to do.</summary>
    public static StartupException Refused(IPEndPoint address, string reason, Exception fault) =>
        new($"cannot listen on {address}: {reason}; `--listen 127.0.0.1:0` takes a free port", ExitCode.CouldNotRun, fault);
}
