using System.Security.Authentication;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>
/// A connection was refused or ended because it is not what was decided. The stream under it is closed. It is an
/// <see cref="AuthenticationException"/>, as of any TLS handshake that fails, so that callers who know nothing of policies do not go on either.
/// </summary>
public sealed class EnforcementException : AuthenticationException
{
    internal EnforcementException(Refusal refusal, Exception? cause = null)
        : base($"{refusal.Reason.Code()}: {refusal.Detail}", cause) => Refusal = refusal;

    /// <summary>Why.</summary>
    public EnforcementReason Reason => Refusal.Reason;

    /// <summary>Why, and what was found instead of what was decided.</summary>
    public Refusal Refusal { get; }
}
