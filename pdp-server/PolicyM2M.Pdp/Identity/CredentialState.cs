namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// What the server shows and whom it trusts now. Safe for all threads: credentials never change, <see cref="CredentialFollower"/> alone replaces them, whole, and each handshake
/// takes them once.
/// </summary>
internal sealed class CredentialState(TlsCredentials first)
{
    private volatile TlsCredentials _current = first;
    private volatile bool _hasUnusableFiles;

    public TlsCredentials Current => _current;

    /// <summary>Whether the files are others than those that were read, and cannot be used: a restart would not find what serves now.</summary>
    public bool HasUnusableFiles
    {
        get => _hasUnusableFiles;
        set => _hasUnusableFiles = value;
    }

    public void Replace(TlsCredentials credentials) => _current = credentials;
}
