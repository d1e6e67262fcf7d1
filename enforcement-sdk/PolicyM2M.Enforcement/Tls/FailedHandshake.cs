using System.Collections.Immutable;
using PolicyM2M.Enforcement.Tls.Witness;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>Why a handshake failed, from what was said in the open: the TLS stack itself only says that it did.</summary>
internal static class FailedHandshake
{
    public static Refusal Explain(Outcome decided, HandshakeWitness witness, bool isServer, Exception failure)
    {
        ImmutableArray<string> versions = decided.NamesOf(Field.Versions) ?? [];
        ushort[] allowedVersions = [.. versions.Where(name => name.StartsWith("TLS", StringComparison.Ordinal)).Select(name => name == "TLS1.3" ? TlsWire.Tls13 : TlsWire.Tls12)];
        ushort[] allowedSuites = [.. (decided.NamesOf(Field.Suites) ?? []).Select(name => TlsRegistry.CipherSuites[name].CodePoint)];
        return (isServer ? OfClient(decided, witness, allowedVersions, allowedSuites) : OfServer(witness, allowedVersions, allowedSuites))
            ?? new(EnforcementReason.HandshakeFailed, $"the two ends have nothing in common that is allowed, or one of them ended the handshake ({Words(failure)}{Alert(witness)})");
    }

    private static Refusal? OfClient(Outcome decided, HandshakeWitness witness, ushort[] versions, ushort[] suites)
    {
        if (witness.Client is not { } client)
            return null;
        if (!client.Versions.Intersect(versions).Any())
            return new(EnforcementReason.DeprecatedVersion, $"the client offers {string.Join(", ", client.Versions.Select(Version))}, and allowed are {decided[Field.Versions]}");
        if (!client.Suites.Intersect(suites).Any())
            return new(EnforcementReason.DisallowedCipher, $"the client offers none of the suites that are allowed: {decided[Field.Suites]}");
        return decided.NamesOf(Field.Groups) is { } groups && !client.Groups.Intersect(groups.Select(name => TlsRegistry.Groups[name].CodePoint)).Any()
            ? new(EnforcementReason.DisallowedGroup, $"the client offers none of the groups that are allowed: {decided[Field.Groups]}")
            : null;
    }

    private static Refusal? OfServer(HandshakeWitness witness, ushort[] versions, ushort[] suites)
    {
        if (witness.Server is { } server && !versions.Contains(server.Version))
            return new(EnforcementReason.DeprecatedVersion, $"the server chose {Version(server.Version)}");
        if (witness.Server is { } chosen && !suites.Contains(chosen.Suite))
            return new(EnforcementReason.DisallowedCipher, $"the server chose the suite {chosen.Suite:X4}");
        return witness.ServerAlert switch
        {
            TlsWire.ProtocolVersion => new(EnforcementReason.DeprecatedVersion, "the server takes none of the versions that are allowed (alert protocol_version)"),
            TlsWire.InsufficientSecurity => new(EnforcementReason.DisallowedCipher, "the server takes none of the suites that are allowed (alert insufficient_security)"),
            _ => null,
        };
    }

    private static string Alert(HandshakeWitness witness) => witness.ServerAlert is { } alert ? $"; the server's alert was {alert}" : "";

    private static string Version(ushort version) => version switch
    {
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        TlsWire.Tls12 => "TLS 1.2",
        TlsWire.Tls13 => "TLS 1.3",
        _ => $"version {version:X4}",
    };

    /// <summary>The innermost message: the outer ones say that an inner one has more.</summary>
    private static string Words(Exception failure)
    {
        while (failure.InnerException is { } inner)
            failure = inner;
        return failure.Message;
    }
}
