using System.Net.Sockets;
using System.Security.Authentication;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Says why no connection came to stand, in words of the device's owner and the same each time. The transport tells one cause in different ways from one
/// attempt to the next, as the break comes in the handshake or just after it.
/// </summary>
internal static class ConnectionFailure
{
    /// <summary>Somebody is there, and does not go through with the handshake.</summary>
    public const string TurnedAway = "it ended the TLS handshake: is this device's certificate one that it trusts, in its time, and made for clients?";

    /// <summary>The reason; null where the failure is none of a connection.</summary>
    /// <param name="failure">What the transport threw.</param>
    /// <param name="endpoint">Who was called.</param>
    /// <param name="trustPath">The file with the authorities that are believed.</param>
    /// <param name="wasConnected">Whether the decision point had already answered over the connection: then its end says nothing of this device's certificate.</param>
    public static string? Reason(Exception? failure, Uri endpoint, string trustPath, bool wasConnected)
    {
        Exception[] chain = [.. Chain(failure)];
        if (!chain.Any(cause => cause is HttpRequestException or IOException or SocketException))
            return null;
        if (chain.OfType<SocketException>().FirstOrDefault() is { } socket && Of(socket.SocketErrorCode, endpoint) is { } reason)
            return reason;
        // Our own judgement of its certificate has no cause beneath it; what the TLS library or the other side found wrong has.
        if (chain.OfType<AuthenticationException>().FirstOrDefault() is { InnerException: null } judgement && !chain.OfType<IOException>().Any())
        {
            return judgement.Message.Contains("NameMismatch", StringComparison.Ordinal)
                ? $"its certificate is not made for the name {endpoint.Host}"
                : $"no authority in {trustPath} vouches for its certificate, or that is not in its time";
        }
        // TLS 1.3 lets the client finish before the server has looked at its certificate: a refusal then looks like a break.
        return wasConnected
            ? "it ended the connection"
            : TurnedAway;
    }

    /// <summary>What lies beneath, for who looks for the cause in the transport.</summary>
    public static string Detail(Exception failure) =>
        string.Join(" <- ", Chain(failure).Select(cause => $"{cause.GetType().Name}: {cause.Message.ReplaceLineEndings(" ")}"));

    private static string? Of(SocketError error, Uri endpoint) => error switch
    {
        SocketError.ConnectionRefused => $"nobody listens on {endpoint.Authority}",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"its name {endpoint.Host} cannot be resolved",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown => "there is no way to it through the network",
        SocketError.TimedOut => "it did not take the connection in time",
        _ => null,
    };

    private static IEnumerable<Exception> Chain(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException ?? (failure as Grpc.Core.RpcException)?.Status.DebugException)
            yield return failure;
    }
}
