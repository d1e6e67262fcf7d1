namespace PolicyM2M.Pdp.Identity;

/// <summary>How far the handshake of one connection came; kept with the connection, and touched by its own steps only, one after the other.</summary>
internal sealed class Handshake
{
    /// <summary>Whether the caller said all that a handshake begins with.</summary>
    public bool HasBegun { get; set; }

    /// <summary>The caller's certificate and who vouches for it; null before it was found good.</summary>
    public ClientCertificate? Client { get; set; }

    /// <summary>Whether it got in, or the log knows already why it did not.</summary>
    public bool IsSettled { get; set; }

    /// <summary>Why nothing came of it, as far as this side can tell: the library of TLS keeps the rest to itself.</summary>
    /// <param name="versions">The versions of TLS that are taken.</param>
    public string Failure(string versions) => HasBegun
        ? $"the TLS handshake failed: it does not offer {versions}, HTTP/2 (ALPN h2) or a cipher suite in common, does not trust this server's certificate, or went away"
        : "it ended the connection in its first words, or they are no TLS handshake";
}
