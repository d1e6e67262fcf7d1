namespace PolicyM2M.Enforcement.Tls.Witness;

/// <summary>What a server chose (RFC 8446, section 4.1.3; RFC 5246, section 7.4.1.3).</summary>
/// <param name="Version">The version, by its number on the wire.</param>
/// <param name="Suite">The cipher suite, by code point.</param>
/// <param name="Group">The group of its key share; null in TLS 1.2, and where a resumed session makes no new keys.</param>
/// <param name="IsByPreSharedKey">Whether TLS 1.3 goes on from a key that both had: a session that is resumed.</param>
/// <param name="AsksAgain">Whether it chose nothing but asks for another offer.</param>
internal sealed record ServerHello(ushort Version, ushort Suite, ushort? Group, bool IsByPreSharedKey, bool AsksAgain)
{
    public static ServerHello Read(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        ushort version = reader.Number();
        bool asksAgain = reader.Take(TlsWire.RandomLength).SequenceEqual(TlsWire.HelloRetryRequest);
        reader.ShortVector();
        ushort suite = reader.Number();
        reader.Byte();
        ushort? group = null;
        bool byKey = false;
        var extensions = new WireReader(reader.HasMore ? reader.Vector() : []);
        while (extensions.HasMore)
        {
            ushort type = extensions.Number();
            var content = new WireReader(extensions.Vector());
            if (type == TlsWire.SupportedVersions)
                version = content.Number();
            else if (type == TlsWire.KeyShare)
                group = content.Number();
            byKey |= type == TlsWire.PreSharedKey;
        }
        return new ServerHello(version, suite, group, byKey, asksAgain);
    }
}
