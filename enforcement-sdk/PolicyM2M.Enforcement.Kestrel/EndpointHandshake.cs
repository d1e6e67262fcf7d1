using PolicyM2M.Enforcement.Tls;

namespace PolicyM2M.Enforcement.Kestrel;

/// <summary>The handshake of one connection, kept with it from before TLS to after it.</summary>
/// <param name="attempt">What was decided for it.</param>
internal sealed class EndpointHandshake(HandshakeAttempt attempt)
{
    public HandshakeAttempt Attempt => attempt;

    /// <summary>Whether TLS came to an end, so that what follows is for the review to say.</summary>
    public bool IsDone { get; set; }
}
