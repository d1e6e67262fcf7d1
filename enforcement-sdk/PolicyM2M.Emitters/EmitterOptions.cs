using System.Collections.Immutable;

namespace PolicyM2M.Emitters;

/// <summary>Which end of the channel is configured.</summary>
public enum ChannelRole
{
    /// <summary>The end that accepts.</summary>
    Server,

    /// <summary>The end that connects.</summary>
    Client,
}

/// <summary>What carries the channel.</summary>
public enum ChannelTransport
{
    /// <summary>TLS, over a stream.</summary>
    Tls,

    /// <summary>DTLS, over datagrams.</summary>
    Dtls,
}

/// <summary>
/// The release of OpenSSL that reads the configuration, or that mosquitto or nginx stands on. A name that a release does not know shortens a list without a
/// word, or voids all of it, so that nothing is emitted that this release was not seen to know.
/// </summary>
public enum OpenSslRelease
{
    /// <summary>3.0, as in Debian 12. The names were tried with 3.0.19.</summary>
    V30,

    /// <summary>3.5, as in Debian 13. The names were tried with 3.5.8.</summary>
    V35,
}

/// <summary>
/// What the emitters must know besides the decision. Paths and names are written into configuration files as they are, so they may hold ASCII letters, digits and
/// <c>/ . _ - + @</c> only: what any of the formats could take for more than a name is refused.
/// </summary>
public sealed record EmitterOptions
{
    /// <summary>Which end is configured.</summary>
    public ChannelRole Role { get; init; }

    /// <summary>What carries the channel.</summary>
    public ChannelTransport Transport { get; init; }

    /// <summary>The release of OpenSSL, for the stacks that stand on it.</summary>
    public OpenSslRelease OpenSsl { get; init; }

    /// <summary>The file of this end's certificate chain, PEM, the end's own certificate first. A server needs one.</summary>
    public string? Certificate { get; init; }

    /// <summary>The file of the private key that belongs to it, PEM.</summary>
    public string? Key { get; init; }

    /// <summary>The file of the authorities by which the other end's certificate is judged, PEM. A client needs one.</summary>
    public string? Authorities { get; init; }

    /// <summary>The file of revocation lists, PEM, one for each authority of a chain; null where none are looked at.</summary>
    public string? RevocationLists { get; init; }

    /// <summary>
    /// Where the private key lives, on the word of whoever configures it: a name of the lattice's ladder, such as <c>secure-element</c>. No stack can tell. A decision that demands more is infeasible.
    /// </summary>
    public string KeyProtection { get; init; } = "software";

    /// <summary>
    /// Fields of the auth decision that something else than the stack holds, on the word of whoever configures it, such as <c>attestation</c>. What a stack does not hold makes a decision infeasible
    /// unless it is named here; the result says it in any case.
    /// </summary>
    public ImmutableArray<string> HeldElsewhere { get; init; } = [];

    /// <summary>The other end, for a client that is configured with it: its name as its certificate has it.</summary>
    public string? Peer { get; init; }

    /// <summary>The port of the mosquitto listener, or the one at which a bridge looks for the other broker.</summary>
    public int Port { get; init; } = 8883;

    /// <summary>The address at which the mosquitto listener accepts; null for all.</summary>
    public string? Address { get; init; }

    /// <summary>Which Security object instance the LwM2M resources are of.</summary>
    public int LwM2mInstance { get; init; }
}
