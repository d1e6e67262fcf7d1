using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Where a rotation begins: from its state, where there is one that can be believed; otherwise from the newest credential whose files are whole.</summary>
internal static class CredentialStart
{
    /// <exception cref="IOException">There is no whole credential, or a file cannot be read.</exception>
    /// <exception cref="CryptographicException">The credential to begin with is malformed.</exception>
    public static RotationState Of(RotationOptions options, CredentialFolder folder, RotationStateFile file, Action<RotationEvent> tell)
    {
        RotationState? state = file.Load(out IReadOnlyList<string> damage);
        foreach (string what in damage)
            tell(new RotationEvent.StateDiscarded(options.Name, what));
        Credential? configured = Import(options, folder);
        if (state is not null && folder.IsWhole(state.Serving.Fingerprint))
        {
            RotationState sound = WithWholeFilesOnly(state, folder);
            if (configured is null || sound.Fingerprints.Contains(configured.Fingerprint) || configured.Times.NotBefore <= sound.Serving.Times.NotBefore)
                return sound;
            tell(new RotationEvent.Adopted(options.Name, configured));
            return sound with { Serving = configured, Succession = null, Waiting = null, PendingKeyMade = null, Attempts = 0, NextAttempt = null };
        }
        if (state is not null)
            tell(new RotationEvent.StateDiscarded(options.Name, $"the files of {state.Serving.Fingerprint} are damaged or gone"));
        Credential newest = folder.Found().Select(fingerprint => Read(folder.CertificatePath(fingerprint), null)).Append(configured).OfType<Credential>().MaxBy(credential => credential.Times.NotBefore)
            ?? throw new IOException($"there is no credential to begin with: {options.CertificatePath} is not there");
        return new RotationState { Device = options.Device, Serving = newest, Unreported = state?.Unreported ?? [], LatestSeen = state?.LatestSeen ?? default };
    }

    private static RotationState WithWholeFilesOnly(RotationState state, CredentialFolder folder) => state with
    {
        Succession = state.Succession is { } succession && folder.IsWhole(succession.Predecessor.Fingerprint) ? succession : null,
        Waiting = state.Waiting is { } waiting && folder.IsWhole(waiting.Next.Fingerprint) ? waiting : null,
    };

    private static Credential? Import(RotationOptions options, CredentialFolder folder)
    {
        if (!File.Exists(options.CertificatePath))
            return null;
        using (X509Certificate2 certificate = CredentialFolder.Open(options.CertificatePath, options.KeyPath))
            PrivateKey.Of(certificate).Dispose();
        Credential credential = Read(options.CertificatePath, options.KeyMade);
        folder.Add(credential.Fingerprint, File.ReadAllText(options.CertificatePath), File.ReadAllText(options.KeyPath));
        return credential;
    }

    private static Credential Read(string certificatePath, DateTimeOffset? keyMade)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificatePath);
        var credential = Credential.Of(chain[0], chain.Min(certificate => (DateTimeOffset)certificate.NotAfter.ToUniversalTime()), keyMade);
        foreach (X509Certificate2 certificate in chain)
            certificate.Dispose();
        return credential;
    }
}
