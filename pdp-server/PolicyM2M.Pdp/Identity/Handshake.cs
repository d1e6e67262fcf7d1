using System.Security.Authentication;

namespace PolicyM2M.Pdp.Identity;

/// <summary>How far the handshake of one connection came; kept with the connection, and touched by its own steps only, one after the other.</summary>
internal sealed class Handshake
{
    /// <summary>What the caller offered; null before it said anything that is TLS.</summary>
    public SslProtocols? Offered { get; set; }

    /// <summary>The caller's certificate and who vouches for it; null before it was found good.</summary>
    public ClientCertificate? Client { get; set; }

    /// <summary>Whether it got in, or the log knows already why it did not.</summary>
    public bool IsSettled { get; set; }

    /// <summary>Why nothing came of it, as far as this side can tell.</summary>
    public string Failure(SslProtocols allowed) => Offered switch
    {
        null => "it ended the connection, or sent something else, before a TLS handshake",
        { } offered when offered != SslProtocols.None && (offered & allowed) == 0 => $"it offers {Names(offered)}, and this decision point takes {Names(allowed)}",
        _ => "the TLS handshake failed: it does not trust this server's certificate, or offers no HTTP/2 or no cipher suite in common, or went away",
    };

    private static string Names(SslProtocols protocols) => (protocols.HasFlag(SslProtocols.Tls12), protocols.HasFlag(SslProtocols.Tls13)) switch
    {
        (true, true) => "TLS 1.2 and 1.3",
        (true, false) => "TLS 1.2 at most",
        (false, true) => "TLS 1.3 only",
        _ => "TLS older than 1.2",
    };
}
