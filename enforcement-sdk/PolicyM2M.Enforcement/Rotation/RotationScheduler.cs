
namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Rotates all credentials of a device, each by itself: one that waits for its issuer holds up no other.</summary>
public sealed class RotationScheduler : IDisposable
{
    private readonly Dictionary<string, CredentialRotation> _rotations;

    private RotationScheduler(Dictionary<string, CredentialRotation> rotations) => _rotations = rotations;

    /// <summary>The rotations, one for each credential.</summary>
    public IReadOnlyCollection<CredentialRotation> Rotations => _rotations.Values;

    /// <summary>The rotation of one credential.</summary>
    /// <exception cref="KeyNotFoundException">There is no credential of that name.</exception>
    public CredentialRotation this[string name] => _rotations[name];

    /// <summary>Takes up the rotations of these credentials.</summary>
    /// <exception cref="ArgumentException">Two have one name or one folder.</exception>
    /// <exception cref="IOException">A folder cannot be used, or there is no credential.</exception>
    public static RotationScheduler Open(params IReadOnlyCollection<RotationOptions> credentials)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        if (credentials.DistinctBy(one => one.Name).Count() != credentials.Count || credentials.DistinctBy(one => Path.GetFullPath(one.Folder)).Count() != credentials.Count)
            throw new ArgumentException("two credentials have one name or one folder", nameof(credentials));
        return new RotationScheduler(credentials.ToDictionary(one => one.Name, CredentialRotation.Open, StringComparer.Ordinal));
    }

    /// <summary>Rotates until it is cancelled. Where one rotation fails for a reason that nobody foresaw, all end, and it is thrown.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        Joined.RunAsync(cancellation, _rotations.Values.Select(rotation => (Func<CancellationToken, Task>)rotation.RunAsync));

    /// <summary>Looks at all credentials again soon: the policies have changed.</summary>
    public void Nudge()
    {
        foreach (CredentialRotation rotation in _rotations.Values)
            rotation.Nudge();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CredentialRotation rotation in _rotations.Values)
            rotation.Dispose();
    }
}
