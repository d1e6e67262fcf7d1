namespace PolicyM2M.Enforcement.Tls.Witness;

/// <summary>Numbers of TLS on the wire (RFC 8446, RFC 5246; registries of IANA).</summary>
internal static class TlsWire
{
    public const byte ChangeCipherSpec = 20, Alert = 21, Handshake = 22, ApplicationData = 23;
    public const byte ClientHello = 1, ServerHello = 2, ServerKeyExchange = 12, ServerHelloDone = 14, CertificateVerify = 15;
    public const ushort SupportedGroups = 10, PreSharedKey = 41, EarlyData = 42, SupportedVersions = 43, KeyShare = 51;
    public const ushort Tls12 = 0x0303, Tls13 = 0x0304;
    public const byte NamedCurve = 3;
    public const byte ProtocolVersion = 70, InsufficientSecurity = 71;
    public const int RandomLength = 32, RecordHeaderLength = 5, MessageHeaderLength = 4;

    /// <summary>The random of a ServerHello that only asks for another ClientHello (RFC 8446, section 4.1.3).</summary>
    public static ReadOnlySpan<byte> HelloRetryRequest =>
    [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ];
}
