namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// What the server shows and whom it trusts now. Safe for all threads: credentials never change, <see cref="CredentialFollower"/> alone replaces them, whole, and each handshake
/// takes them once.
/// </summary>
internal sealed class CredentialState(TlsCredentials first)
{
    private volatile TlsCredentials _current = first;

    public TlsCredentials Current => _current;

    public void Replace(TlsCredentials credentials) => _current = credentials;
}
