using System.Net;
using System.Net.Sockets;

namespace PolicyM2M.Agent.Local;

/// <summary>The daemon's socket, from outside: who asks it over HTTP/2.</summary>
internal static class LocalAddress
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>A client of the daemon behind that socket. The host in its addresses says nothing.</summary>
    public static HttpClient Client(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, ending) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ending);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Longest,
    };
}
