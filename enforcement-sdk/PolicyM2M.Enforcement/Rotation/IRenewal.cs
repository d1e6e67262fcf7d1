using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Asks an issuer for a credential's successor. What comes is checked by who asked; a renewal need not.</summary>
public interface IRenewal
{
    /// <summary>Asks once. It does not throw because the issuer is away, refuses, or talks nonsense: that is the answer.</summary>
    /// <param name="request">What to ask for. Its certificate is disposed of after the call.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    Task<RenewalAnswer> RenewAsync(RenewalRequest request, CancellationToken cancellation);
}

/// <summary>A request for a successor.</summary>
/// <param name="Name">What the device calls the credential.</param>
/// <param name="Current">The credential in use, with its key: by it the device authenticates to the issuer.</param>
/// <param name="CertificatePath">The file of the credential in use, PEM, with its intermediates.</param>
/// <param name="CurrentKeyPath">The file of its key, PEM.</param>
/// <param name="SigningRequest">The request, PKCS #10 in DER.</param>
/// <param name="SigningRequestPath">The same as a file, in PEM.</param>
/// <param name="KeyPath">The file of the key that the successor will have, PEM; that of the credential in use where the key stays.</param>
/// <param name="Cause">Why.</param>
public sealed record RenewalRequest(
    string Name, X509Certificate2 Current, string CertificatePath, string CurrentKeyPath, ReadOnlyMemory<byte> SigningRequest, string SigningRequestPath, string KeyPath, RotationCause Cause);
