using System.Net.Sockets;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Local;

/// <summary>The file of the daemon's socket.</summary>
internal static class SocketFile
{
    /// <summary>Makes way for a daemon that starts: takes away the socket of one that ended without doing so.</summary>
    /// <exception cref="CannotRunException">Another daemon answers there, or what lies there is something else, or there is no folder for it.</exception>
    public static void MakeWay(string path)
    {
        if (Fault(path) is { } fault)
            throw new CannotRunException(fault);
        if (Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder))
            throw new CannotRunException($"there is no folder {folder} for the socket: make it, where the agent is no service (RuntimeDirectory)");
        if (FileFacts.OfLink(path) is null)
            return;
        if (IsAnswered(path))
            throw new CannotRunException($"another agent answers on `{path}`");
        File.Delete(path);
    }

    /// <summary>Why no socket can be made there: what lies there is something else, and somebody's work. Null where one can.</summary>
    public static string? Fault(string path) => FileFacts.Of(path) is { Kind: not FileKind.Socket } ? $"`{path}` is in the way: it is no socket" : null;

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
