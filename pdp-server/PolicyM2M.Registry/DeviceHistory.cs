namespace PolicyM2M.Registry;

/// <summary>Who changed a device, and why.</summary>
/// <param name="Sequence">The number of the change, which the device had for its version.</param>
/// <param name="At">When.</param>
/// <param name="Actor">The SPIFFE ID of who asked for it.</param>
/// <param name="Verb">What was done.</param>
/// <param name="Reason">Why, in an operator's words; null where none was given.</param>
public sealed record DeviceHistory(long Sequence, DateTimeOffset At, string Actor, string Verb, string? Reason);
