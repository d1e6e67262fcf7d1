using System.Net.Sockets;

namespace PolicyM2M.Agent.Local;

/// <summary>The file of the daemon's socket.</summary>
internal static class SocketFile
{
    /// <summary>Makes way for a daemon that starts: takes away the socket of one that ended without doing so.</summary>
    /// <exception cref="CannotRunException">Another daemon answers there, or what lies there is something else.</exception>
    public static void MakeWay(string path)
    {
        if (!Path.Exists(path))
            return;
        // Connecting to a plain file is refused too, and a plain file is somebody's work; a socket has no bytes.
        if (Directory.Exists(path) || new FileInfo(path).Length > 0)
            throw new CannotRunException($"`{path}` is in the way: it is no socket");
        if (IsAnswered(path))
            throw new CannotRunException($"another agent answers on `{path}`");
        File.Delete(path);
    }

    /// <summary>Whether somebody takes connections there.</summary>
    public static bool IsAnswered(string path) => Try(path) == SocketError.Success;

    /// <summary>What comes of it to connect there.</summary>
    public static SocketError Try(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return SocketError.Success;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode;
        }
    }
}
