namespace PolicyM2M.Pdp.Rollouts;

/// <summary>While it is there, nothing enters.</summary>
/// <param name="By">The operator, by SPIFFE ID.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why, in the operator's words.</param>
internal sealed record Pin(string By, DateTimeOffset At, string Reason);
