namespace PolicyM2M.Enforcement.Tls;

/// <summary>Why a connection was refused or ended. Where IEC 62351-3 has a name for the event, <see cref="EnforcementReasons.Code"/> is that name.</summary>
public enum EnforcementReason
{
    /// <summary>The policies deny, or there is nothing to go by.</summary>
    DecisionDenied,

    /// <summary>This TLS stack cannot do what the decision demands.</summary>
    Infeasible,

    /// <summary>The connection would have no TLS at all.</summary>
    NotTls,

    /// <summary>The version of TLS is not allowed.</summary>
    DeprecatedVersion,

    /// <summary>The cipher suite is not allowed.</summary>
    DisallowedCipher,

    /// <summary>The key-exchange group is not allowed, or could not be seen.</summary>
    DisallowedGroup,

    /// <summary>The signature scheme is not allowed, or could not be told.</summary>
    DisallowedSignature,

    /// <summary>The session was resumed where the decision forbids it.</summary>
    ResumptionForbidden,

    /// <summary>Early data (0-RTT) was offered where the decision forbids it.</summary>
    EarlyData,

    /// <summary>The peer has shown no certificate.</summary>
    NoPeerCertificate,

    /// <summary>Both ends must authenticate, and this one did not: the peer did not ask, or there is no credential.</summary>
    NotMutual,

    /// <summary>No authority that is trusted vouches for the peer's certificate.</summary>
    UntrustedCertificate,

    /// <summary>A certificate is not in its time.</summary>
    CertificateExpired,

    /// <summary>A certificate is revoked.</summary>
    CertificateRevoked,

    /// <summary>There is no revocation list, and one is demanded.</summary>
    NoRevocationList,

    /// <summary>The revocation list has ended or is older than the decision allows.</summary>
    RevocationListExpired,

    /// <summary>An RSA key is shorter than the decision allows.</summary>
    ShortRsaKey,

    /// <summary>The algorithm of a key is not allowed.</summary>
    DisallowedKey,

    /// <summary>The way in which an end authenticated is not allowed.</summary>
    DisallowedMethod,

    /// <summary>The peer is somebody else, or its identity breaks the rules of SPIFFE.</summary>
    WrongIdentity,

    /// <summary>The private key is not protected as the decision demands.</summary>
    KeyProtection,

    /// <summary>There is no attestation, or it is older than the decision allows.</summary>
    Attestation,

    /// <summary>The time after which a connection must authenticate again, or a session must end, has come.</summary>
    Reauthenticate,

    /// <summary>The decision does not grant the capability.</summary>
    CapabilityNotGranted,

    /// <summary>The two ends have nothing in common that is allowed, or the peer ended the handshake.</summary>
    HandshakeFailed,
}

/// <summary>The names of reasons in logs and messages.</summary>
public static class EnforcementReasons
{
    /// <summary>The reason's name: an event name of IEC 62351-3:2023 where one fits, and else ours in its manner.</summary>
    public static string Code(this EnforcementReason reason) => reason switch
    {
        EnforcementReason.DecisionDenied => "DECISION_DENIED",
        EnforcementReason.Infeasible => "DECISION_INFEASIBLE",
        EnforcementReason.NotTls => "NOT_TLS",
        EnforcementReason.DeprecatedVersion => "TLS_DEPRECATED_VERSION",
        EnforcementReason.DisallowedCipher => "TLS_DISALLOWED_CIPHER",
        EnforcementReason.DisallowedGroup => "DISALLOWED_GROUP",
        EnforcementReason.DisallowedSignature => "DISALLOWED_SIGNATURE",
        EnforcementReason.ResumptionForbidden => "RESUMPTION_FORBIDDEN",
        EnforcementReason.EarlyData => "TLS_EARLY_DATA",
        EnforcementReason.NoPeerCertificate => "TLS_NO_PEER_CERT",
        EnforcementReason.NotMutual => "NOT_MUTUAL",
        EnforcementReason.UntrustedCertificate => "UNTRUSTED_CERT",
        EnforcementReason.CertificateExpired => "TLS_CERT_EXP",
        EnforcementReason.CertificateRevoked => "TLS_CERT_REVOKED",
        EnforcementReason.NoRevocationList => "TLS_NO_CRL",
        EnforcementReason.RevocationListExpired => "TLS_CRL_EXP",
        EnforcementReason.ShortRsaKey => "TLS_SHORT_RSA_KEY",
        EnforcementReason.DisallowedKey => "DISALLOWED_KEY",
        EnforcementReason.DisallowedMethod => "DISALLOWED_METHOD",
        EnforcementReason.WrongIdentity => "WRONG_IDENTITY",
        EnforcementReason.KeyProtection => "KEY_PROTECTION",
        EnforcementReason.Attestation => "ATTESTATION",
        EnforcementReason.Reauthenticate => "REAUTHENTICATE",
        EnforcementReason.CapabilityNotGranted => "CAPABILITY_NOT_GRANTED",
        EnforcementReason.HandshakeFailed => "HANDSHAKE_FAILED",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "there is no such reason"),
    };
}
