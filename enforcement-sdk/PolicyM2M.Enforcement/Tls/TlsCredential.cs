using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>Where a private key lives. The order is that of the lattice's ladder; a TPM counts as a secure element.</summary>
public enum KeyProtection
{
    /// <summary>In a file or in memory.</summary>
    Software,

    /// <summary>In the keystore of the operating system.</summary>
    OsKeystore,

    /// <summary>In a trusted execution environment.</summary>
    Tee,

    /// <summary>In a secure element or TPM.</summary>
    SecureElement,

    /// <summary>In a hardware security module.</summary>
    Hsm,
}

/// <summary>What this end authenticates with, and what is known of it that its certificate does not say. Those facts are the caller's word: nothing here can look into a key.</summary>
public sealed class TlsCredential
{
    /// <summary>A certificate with its key.</summary>
    /// <param name="certificate">The certificate; it must have a private key. The caller keeps and disposes it.</param>
    /// <param name="intermediates">The authorities between it and the peer's root, which are sent with it; null for none.</param>
    /// <exception cref="ArgumentException">The certificate has no private key.</exception>
    public TlsCredential(X509Certificate2 certificate, X509Certificate2Collection? intermediates = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey)
            throw new ArgumentException("the certificate has no private key", nameof(certificate));
        Certificate = certificate;
        // Offline: a handshake never waits for somebody who is to tell about certificates.
        Context = SslStreamCertificateContext.Create(certificate, intermediates ?? [], offline: true);
    }

    /// <summary>The certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Where its private key lives.</summary>
    public KeyProtection Protection { get; init; }

    /// <summary>When this device was last attested; null where it was not.</summary>
    public DateTimeOffset? AttestedAt { get; init; }

    internal SslStreamCertificateContext Context { get; }
}
