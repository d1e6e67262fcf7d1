using System.Net.Sockets;
using System.Security.Authentication;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Says why no connection came to stand, in words of the device's owner. The transport tells the same cause in different ways from one attempt to
/// the next, as the break comes in the handshake or just after it.
/// </summary>
internal static class ConnectionFailure
{
    /// <summary>The reason; null where the failure is none of a connection.</summary>
    public static string? Reason(Exception? failure)
    {
        Exception[] chain = [.. Chain(failure)];
        if (!chain.Any(cause => cause is HttpRequestException or IOException or SocketException))
            return null;
        if (chain.OfType<SocketException>().FirstOrDefault() is { } socket && Of(socket.SocketErrorCode) is { } reason)
            return reason;
        if (chain.OfType<AuthenticationException>().Any() && !chain.OfType<IOException>().Any())
            return "its certificate is not one that the trusted authorities (--ca) vouch for under this name";
        // TLS 1.3 lets the client finish before the server has looked at its certificate: a refusal then looks like a break.
        return "it ended the connection while it was being made: is this device's certificate one that it trusts, in its time, and made for clients?";
    }

    private static string? Of(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "nobody listens there",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name cannot be resolved",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown => "there is no way to it through the network",
        SocketError.TimedOut => "it did not take the connection in time",
        _ => null,
    };

    private static IEnumerable<Exception> Chain(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
            yield return failure;
    }
}
