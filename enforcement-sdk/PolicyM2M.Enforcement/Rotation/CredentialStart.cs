using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Where a rotation begins: from its state, where there is one that can be believed; otherwise from the newest credential whose files are whole.</summary>
internal static class CredentialStart
{
    /// <exception cref="IOException">There is no whole credential, or a file cannot be written.</exception>
    public static RotationState Of(RotationOptions options, CredentialFolder folder, RotationStateFile file, Action<RotationEvent> tell)
    {
        RotationState? state = file.Load(out IReadOnlyList<string> damage);
        foreach (string what in damage)
            tell(new RotationEvent.StateDiscarded(options.Name, what));
        Configured? configured = Configured.Read(options, out string? unusable);
        if (unusable is not null)
            tell(new RotationEvent.NotAdopted(options.Name, unusable));
        if (state is not null && folder.IsWhole(state.Serving.Fingerprint))
            return Adopting(WithWholeFilesOnly(state, folder), configured, options, folder, tell);
        if (state is not null)
            tell(new RotationEvent.StateDiscarded(options.Name, $"the files of {state.Serving.Fingerprint} are damaged or gone"));
        configured?.AddTo(folder);
        Credential newest = folder.Found().Select(fingerprint => Configured.Read(folder.CertificatePath(fingerprint), null)).Append(configured?.Credential).OfType<Credential>()
            .MaxBy(credential => credential.Times.NotBefore)
            ?? throw new IOException($"there is no credential to begin with: {unusable ?? $"{options.CertificatePath} is not there"}");
        return new RotationState { Device = options.Device, Serving = newest, Unreported = state?.Unreported ?? [], LatestSeen = state?.LatestSeen ?? default };
    }

    /// <summary>The state, gone over to a newer credential that somebody put in place of the first. It is held against what an issuer may give, and the one before is kept until something was reached with it.</summary>
    private static RotationState Adopting(RotationState state, Configured? configured, RotationOptions options, CredentialFolder folder, Action<RotationEvent> tell)
    {
        if (configured is null || state.Fingerprints.Contains(configured.Credential.Fingerprint) || configured.Credential.Times.NotBefore <= state.Serving.Times.NotBefore)
            return state;
        DateTimeOffset system = options.Time.GetUtcNow(), now = system > state.LatestSeen ? system : state.LatestSeen;
        using X509Certificate2 current = folder.Open(state.Serving.Fingerprint);
        if (configured.FaultAfter(current, options.TrustPath, now, system, out bool isRekeyed, out CheckedSuccessor? successor) is { } fault)
        {
            tell(new RotationEvent.NotAdopted(options.Name, $"what lies in {options.CertificatePath} is not taken up: {fault}"));
            return state;
        }
        configured.AddTo(folder);
        if (successor!.IsBySystemClock)
        {
            tell(new RotationEvent.ClockSetRight(options.Name, now - system));
            (state, now) = (state with { LatestSeen = system }, system);
        }
        tell(new RotationEvent.Adopted(options.Name, configured.Credential));
        return state.Obtained(configured.Credential, RotationCause.Due, isRekeyed, now);
    }

    private static RotationState WithWholeFilesOnly(RotationState state, CredentialFolder folder) => state with
    {
        Succession = state.Succession is { } succession && folder.IsWhole(succession.Predecessor.Fingerprint) ? succession : null,
        Waiting = state.Waiting is { } waiting && folder.IsWhole(waiting.Next.Fingerprint) ? waiting : null,
    };
}
