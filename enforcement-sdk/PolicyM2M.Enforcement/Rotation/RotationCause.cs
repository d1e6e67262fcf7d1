namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Why a credential is renewed.</summary>
public enum RotationCause
{
    /// <summary>Enough of its life has elapsed.</summary>
    Due,

    /// <summary>Its key has been used long enough, whatever the certificate says.</summary>
    KeyDue,

    /// <summary>The decision orders it at once.</summary>
    Ordered,
}
