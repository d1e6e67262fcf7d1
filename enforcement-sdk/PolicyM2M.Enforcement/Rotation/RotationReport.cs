namespace PolicyM2M.Enforcement.Rotation;

/// <summary>That one credential of a device came after another: what lineage is made of.</summary>
/// <param name="PredecessorFingerprint">The SHA-256 of the certificate before, in lower-case hexadecimal digits.</param>
/// <param name="Successor">The credential now in use.</param>
/// <param name="Cause">Why it was renewed.</param>
/// <param name="IsRekeyed">Whether the successor has another key.</param>
/// <param name="At">When the device went over, by its own clock.</param>
public sealed record RotationReport(string PredecessorFingerprint, Credential Successor, RotationCause Cause, bool IsRekeyed, DateTimeOffset At);
