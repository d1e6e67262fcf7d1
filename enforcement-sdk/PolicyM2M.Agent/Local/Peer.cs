using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PolicyM2M.Agent.Local;

/// <summary>Who is at the other end of a Unix domain socket, as the kernel vouches for it since the connection was made.</summary>
/// <param name="Process">The process.</param>
/// <param name="User">Its user.</param>
/// <param name="Groups">All of its groups, the first one and the supplementary ones.</param>
internal sealed record Peer(int Process, uint User, ImmutableArray<uint> Groups)
{
    // Linux, socket(7): the numbers are those of all architectures that the agent is built for.
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;
    private const int PeerGroups = 59;

    /// <summary>More groups than a process usually has; the kernel says so where there are more.</summary>
    private const int RoomForGroups = 1_024;

    /// <summary>Asks the kernel.</summary>
    /// <exception cref="SocketException">The kernel does not tell: it is no Unix domain socket, or not connected.</exception>
    public static Peer Of(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[3 * sizeof(int)];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        ReadOnlySpan<uint> values = MemoryMarshal.Cast<byte, uint>(credentials);
        return new Peer((int)values[0], values[1], [values[2], .. Supplementary(socket)]);
    }

    private static uint[] Supplementary(Socket socket)
    {
        byte[] groups = new byte[RoomForGroups * sizeof(uint)];
        try
        {
            return MemoryMarshal.Cast<byte, uint>(groups.AsSpan(0, socket.GetRawSocketOption(SocketLevel, PeerGroups, groups))).ToArray();
        }
        catch (SocketException)
        {
            // A kernel before 4.13, or an emulator, does not tell them: rules for them let nobody in.
            return [];
        }
    }
}
