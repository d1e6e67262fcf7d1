using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace PolicyM2M.Pdp.Startup;

/// <summary>The last step of a start, which the network can refuse.</summary>
internal static class Listening
{
    /// <summary>Starts to listen.</summary>
    /// <exception cref="StartupException">The address cannot be had.</exception>
    public static async Task ListenAsync(this WebApplication server, PdpOptions options)
    {
        try
        {
            await server.StartAsync();
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            await server.DisposeAsync();
            string reason = fault is AddressInUseException || fault.InnerException is AddressInUseException ? "another process listens there" : fault.Message;
            throw new StartupException($"cannot listen on {options.Listen}: {reason}; `--listen 127.0.0.1:0` takes a free port", ExitCode.CouldNotRun, fault);
        }
    }
}
