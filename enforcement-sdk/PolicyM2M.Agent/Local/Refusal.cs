namespace PolicyM2M.Agent.Local;

/// <summary>Why a connection is not taken in.</summary>
/// <param name="Code">As HTTP/2 says it.</param>
/// <param name="Reason">In words.</param>
internal sealed record Refusal(RefusalCode Code, string Reason);

/// <summary>The error codes of HTTP/2 (RFC 9113, 7) that gRPC has a status for.</summary>
internal enum RefusalCode
{
    /// <summary>ENHANCE_YOUR_CALM: the peer has too much. For gRPC RESOURCE_EXHAUSTED.</summary>
    TooMany = 0xb,

    /// <summary>INADEQUATE_SECURITY: for gRPC PERMISSION_DENIED.</summary>
    NotNamed = 0xc,
}
