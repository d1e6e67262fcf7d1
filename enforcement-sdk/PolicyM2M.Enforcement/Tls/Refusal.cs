namespace PolicyM2M.Enforcement.Tls;

/// <summary>Why a connection may not be, or may not go on.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Detail">What was found, and what is allowed; without secrets.</param>
public sealed record Refusal(EnforcementReason Reason, string Detail)
{
    /// <summary>The reason's code and what was found.</summary>
    public override string ToString() => $"{Reason.Code()}: {Detail}";
}
