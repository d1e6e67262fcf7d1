namespace PolicyM2M.Wire;

/// <summary>What a signature vouches for. Its name is part of what is signed, so that a signature of one kind never passes for another.</summary>
public enum SignedKind
{
    /// <summary>A <c>policym2m.v1.Decision</c>.</summary>
    Decision,

    /// <summary>A <c>policym2m.v1.DeviceStatement</c>.</summary>
    DeviceStatement,

    /// <summary>A <c>policym2m.v1.BundleStatement</c>.</summary>
    BundleStatement,
}
