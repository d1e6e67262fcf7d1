using System.Net.Sockets;
using System.Text;

namespace PolicyM2M.Agent;

/// <summary>Tells the service manager how the daemon fares (sd_notify(3)): a datagram to the socket that it names. Nothing where it names none.</summary>
internal static class Systemd
{
    private const string SocketVariable = "NOTIFY_SOCKET";

    /// <summary>The daemon answers.</summary>
    public static void Ready() => Tell("READY=1");

    /// <summary>The daemon is ending.</summary>
    public static void Stopping() => Tell("STOPPING=1");

    private static void Tell(string state)
    {
        if (Environment.GetEnvironmentVariable(SocketVariable) is not { Length: > 0 } path)
            return;
        // An abstract name is written with @ in the variable, and with a zero byte to the kernel.
        var manager = new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(state), manager);
        }
        catch (SocketException)
        {
            // Who does not listen is not told; the daemon serves nevertheless.
        }
    }
}
