using System.Net.Security;
using System.Security.Authentication;
using PolicyM2M.Enforcement.Tls.Review;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>What a handshake came to. Immutable.</summary>
public sealed record NegotiatedTls
{
    internal NegotiatedTls() { }

    /// <summary>The version.</summary>
    public required SslProtocols Protocol { get; init; }

    /// <summary>The cipher suite.</summary>
    public required TlsCipherSuite Suite { get; init; }

    /// <summary>The key-exchange group, by IANA name; null where none was seen on the wire.</summary>
    public required string? Group { get; init; }

    /// <summary>Whether both ends have authenticated.</summary>
    public required bool IsMutual { get; init; }

    /// <summary>The peer's SPIFFE ID; null where it has none.</summary>
    public string? PeerId => Peer?.Id;

    internal bool IsServer { get; init; }

    internal bool IsResumed { get; init; }

    internal bool EarlyDataOffered { get; init; }

    /// <summary>The scheme with which the peer signed, where it was seen (TLS 1.2).</summary>
    internal ushort? PeerSignature { get; init; }

    /// <summary>The scheme with which this end signed, where it was seen (TLS 1.2).</summary>
    internal ushort? OwnSignature { get; init; }

    internal PresentedCertificate? Peer { get; init; }

    /// <summary>This end's credential; null where it did not authenticate.</summary>
    internal TlsCredential? Credential { get; init; }

    /// <summary>What is remembered of its certificate, which the caller may dispose of once it is renewed; null where this end did not authenticate.</summary>
    internal PresentedCertificate? Own { get; init; }
}
