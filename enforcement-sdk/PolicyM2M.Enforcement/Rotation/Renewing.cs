using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>One attempt: makes the request, asks the issuer, and holds what comes against what was asked for.</summary>
internal static class Renewing
{
    /// <summary>A credential that came and is what was asked for, and its key; or the answer that there is none.</summary>
    public sealed record Result(Credential? Next, CheckedSuccessor? Checked, string? KeyPem, RenewalAnswer? Instead);

    /// <param name="options">The credential.</param>
    /// <param name="folder">Its files; the key of the request lies there.</param>
    /// <param name="state">Where its rotation stands.</param>
    /// <param name="cause">Why.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="CryptographicException">The credential in use or the key is malformed.</exception>
    public static async Task<Result> TryAsync(RotationOptions options, CredentialFolder folder, RotationState state, RotationCause cause, DateTimeOffset now, CancellationToken cancellation)
    {
        string serving = state.Serving.Fingerprint, keyPath = state.PendingKeyMade is null ? folder.KeyPath(serving) : folder.PendingKeyPath;
        using X509Certificate2 current = folder.Open(serving);
        string keyPem = BoundedFile.ReadText(keyPath, BoundedFile.LargestPem);
        using AsymmetricAlgorithm key = state.PendingKeyMade is null ? PrivateKey.Of(current) : PrivateKey.Read(keyPem);
        byte[] signingRequest = SigningRequest.Create(current, key);
        WholeFile.Replace(folder.RequestPath, System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE REQUEST", signingRequest) + "\n"));
        var request = new RenewalRequest(options.Name, current, folder.CertificatePath(serving), folder.KeyPath(serving), signingRequest, folder.RequestPath, keyPath, cause);

        RenewalAnswer answer = await AskAsync(options.Renewal, request, cancellation).ConfigureAwait(false);
        if (answer is not RenewalAnswer.Issued issued)
            return new Result(null, null, null, answer);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(BoundedFile.ReadText(options.TrustPath, BoundedFile.LargestPem));
        // A certificate for a key that was made for it cannot be one from before.
        DateTimeOffset system = state.PendingKeyMade is null ? now : options.Time.GetUtcNow();
        string? fault = SuccessorCheck.Fault(issued.Certificates, current, key, authorities, now, system, out CheckedSuccessor? successor);
        if (successor is null)
            return new Result(null, null, null, new RenewalAnswer.Refused($"what the issuer gave is refused: {fault}"));
        using X509Certificate2 leaf = X509Certificate2.CreateFromPem(successor.ChainPem);
        // By the clock that was ahead, a key would be made in the future, and not be due for as long.
        DateTimeOffset made = state.PendingKeyMade ?? state.Serving.Times.KeyMade, keyMade = successor.IsBySystemClock && made > system ? system : made;
        return new Result(Credential.Of(leaf, successor.ChainEnd, keyMade), successor, keyPem, null);
    }

    /// <summary>A renewal that throws has a mistake; that the issuer was unreachable, and so grace, must not come of it.</summary>
    private static async Task<RenewalAnswer> AskAsync(IRenewal renewal, RenewalRequest request, CancellationToken cancellation)
    {
        try
        {
            return await renewal.RenewAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (Exception mistake) when (mistake is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            return new RenewalAnswer.Refused($"the renewal failed: {mistake.Message}");
        }
    }
}
