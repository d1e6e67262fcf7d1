namespace PolicyM2M.Enforcement.Tls.Witness;

/// <summary>What a client offers (RFC 8446, section 4.1.2).</summary>
/// <param name="Versions">The versions, by their numbers on the wire.</param>
/// <param name="Suites">The cipher suites, by code point.</param>
/// <param name="Groups">The groups, by code point.</param>
/// <param name="OffersEarlyData">Whether it sends early data right after.</param>
internal sealed record ClientHello(ushort[] Versions, ushort[] Suites, ushort[] Groups, bool OffersEarlyData)
{
    public static ClientHello Read(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        ushort[] versions = [reader.Number()];
        reader.Take(TlsWire.RandomLength);
        reader.ShortVector();
        ushort[] suites = new WireReader(reader.Vector()).Numbers(), groups = [];
        reader.ShortVector();
        bool early = false;
        var extensions = new WireReader(reader.HasMore ? reader.Vector() : []);
        while (extensions.HasMore)
        {
            ushort type = extensions.Number();
            var content = new WireReader(extensions.Vector());
            if (type == TlsWire.SupportedVersions)
                versions = new WireReader(content.ShortVector()).Numbers();
            else if (type == TlsWire.SupportedGroups)
                groups = new WireReader(content.Vector()).Numbers();
            early |= type == TlsWire.EarlyData;
        }
        return new ClientHello(versions, suites, groups, early);
    }
}
