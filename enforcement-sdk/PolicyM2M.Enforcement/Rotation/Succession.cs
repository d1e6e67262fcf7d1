namespace PolicyM2M.Enforcement.Rotation;

/// <summary>How the credential in use came after another.</summary>
/// <param name="Predecessor">The one to go back to: the last that something was reached with, still there.</param>
/// <param name="Parent">The fingerprint of the one by which it was asked for: the predecessor, or one that was never used.</param>
/// <param name="Cause">Why it was renewed.</param>
/// <param name="IsRekeyed">Whether the successor has another key.</param>
/// <param name="At">When the device went over to the successor.</param>
/// <param name="PredecessorUntil">Until when the predecessor stays usable; null while its successor is on trial: nothing has been reached with it yet.</param>
internal sealed record Succession(Credential Predecessor, string Parent, RotationCause Cause, bool IsRekeyed, DateTimeOffset At, DateTimeOffset? PredecessorUntil);

/// <summary>A successor whose validity has not begun.</summary>
/// <param name="Next">The successor.</param>
/// <param name="Cause">Why it was asked for.</param>
/// <param name="IsRekeyed">Whether it has another key.</param>
internal sealed record Waiting(Credential Next, RotationCause Cause, bool IsRekeyed);
