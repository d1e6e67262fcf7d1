using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement;

/// <summary>What a gateway hands on: it is worth as much from anybody as from the decision point.</summary>
/// <param name="Decision">The decision, signed, as it was received.</param>
/// <param name="Statement">The statement about the device that it was judged by, as it was received; null where none is held.</param>
public sealed record SignedDecision(V1.SignedPayload Decision, V1.SignedPayload? Statement);
