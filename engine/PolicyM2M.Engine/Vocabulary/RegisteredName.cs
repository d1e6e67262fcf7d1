namespace PolicyM2M.Engine.Vocabulary;

/// <summary>A name of one of the IANA registries of TLS parameters, and what it takes to put it on the wire.</summary>
/// <param name="Name">The registry's name.</param>
/// <param name="CodePoint">The two bytes on the wire.</param>
/// <param name="Tls12">Whether it may be used in TLS 1.2.</param>
/// <param name="Tls13">Whether it may be used in TLS 1.3; for a signature scheme in its handshake.</param>
public sealed record RegisteredName(string Name, ushort CodePoint, bool Tls12, bool Tls13)
{
    /// <summary>The name with its code point and versions: <c>TLS_AES_128_GCM_SHA256 (0x1301, TLS 1.3)</c>.</summary>
    public override string ToString() =>
        $"{Name} (0x{CodePoint:X4}, {(Tls12, Tls13) switch { (true, true) => "TLS 1.2 and 1.3", (true, false) => "TLS 1.2", (false, true) => "TLS 1.3", _ => "no version" }})";
}
