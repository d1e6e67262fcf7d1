using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Testing;
using static PolicyM2M.Enforcement.Tls.EnforcementReason;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>What a client may try on our server.</summary>
internal static partial class Downgrades
{
    private const string Client = "`openssl s_client`";

    private static readonly Downgrade[] OfClients =
    [
        new("only TLS 1.2, where 1.3 is decided", "server", Client, DeprecatedVersion, world => FromClientAsync(world, "-tls1_2")),
        new("only TLS 1.1", "server", Client, DeprecatedVersion, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites(TlsWorld.Suites12);
            return FromClientAsync(world, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0");
        }),
        new("only a CBC suite", "server", Client, DisallowedCipher, world => FromClientWithAsync(world, "ECDHE-ECDSA-AES128-SHA")),
        new("only suites that do not encrypt (NULL)", "server", Client, DisallowedCipher, world => FromClientWithAsync(world, "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0")),
        new("only anonymous suites", "server", Client, DisallowedCipher, world => FromClientWithAsync(world, "AECDH-AES128-SHA:@SECLEVEL=0")),
        new("only P-384, where X25519 is decided", "server", Client, DisallowedGroup, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites($"{TlsWorld.Suites13}; groups x25519");
            return FromClientAsync(world, "-groups", "P-384");
        }),
        new("no certificate (TLS 1.3)", "server", Client, NoPeerCertificate, world => FromAsync(world)),
        new("no certificate (TLS 1.2)", "server", Client, NoPeerCertificate, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites(TlsWorld.Suites12);
            return FromAsync(world);
        }),
        new("an expired certificate", "server", Client, CertificateExpired, world =>
            FromAsync(world, OpenSslPeer.Showing(world, TlsWorld.Device with { NotBefore = TimeSpan.FromDays(-2), NotAfter = TimeSpan.FromDays(-1) }))),
        new("a certificate of another authority", "server", Client, UntrustedCertificate, async world =>
        {
            using var other = new TlsWorld();
            return await FromAsync(world, OpenSslPeer.Showing(other, TlsWorld.Device));
        }),
        new("a certificate that is for servers only", "server", Client, UntrustedCertificate, world =>
            FromAsync(world, OpenSslPeer.Showing(world, TlsWorld.Device with { Usages = [TlsWorld.ForServers] }))),
        new("another SPIFFE ID", "server", Client, WrongIdentity, world =>
        {
            world.PeerIds = ["spiffe://plant.example/device/plc-0043"];
            return FromClientAsync(world);
        }),
        new("two URIs in the certificate", "server", Client, WrongIdentity, world =>
            FromAsync(world, OpenSslPeer.Showing(world, TlsWorld.Device with { Uris = [TlsWorld.DeviceId, "spiffe://plant.example/device/other"] }))),
        new("an RSA key of 2048 bits, where 3072 are decided", "server", Client, ShortRsaKey, world =>
        {
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; key-algorithms ecdsa-p256, rsa-3072");
            return FromAsync(world, OpenSslPeer.Showing(world, TlsWorld.Device with { RsaBits = 2_048 }));
        }),
        new("a revoked certificate", "server", Client, CertificateRevoked, async world =>
        {
            using var lost = world.Authority.Issue(TlsWorld.Device);
            world.Authority.Revoke(lost);
            world.PublishCrl();
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation soft");
            (string certificate, string key) = world.Write("lost", lost);
            return await FromAsync(world, "-cert", certificate, "-key", key);
        }),
        new("no revocation list, revocation hard", "server", Client, NoRevocationList, world =>
        {
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation hard; revocation-within 1h");
            return FromClientAsync(world);
        }),
        new("early data (0-RTT) of a session", "server", Client, EarlyData, EarlyDataAsync),
    ];

    private static Task<EnforcementException?> FromClientWithAsync(TlsWorld world, string suites)
    {
        world.CipherSuites = TestOutcomes.CipherSuites(TlsWorld.Suites12);
        return FromClientAsync(world, "-tls1_2", "-cipher", suites);
    }

    private static Task<EnforcementException?> FromClientAsync(TlsWorld world, params string[] options) => FromAsync(world, [.. OpenSslPeer.Showing(world, TlsWorld.Device), .. options]);

    private static async Task<EnforcementException?> FromAsync(TlsWorld world, params string[] options) =>
        (await OpenSslPeer.AcceptAsync(world, world.Enforcer(TlsWorld.Server), options)).Refused;

    /// <summary>The client has its session from a server that takes early data, and brings it to ours.</summary>
    private static async Task<EnforcementException?> EarlyDataAsync(TlsWorld world)
    {
        string session = await OpenSslPeer.EarlyDataSessionAsync(world), early = world.Folder.Write("early.txt", "open the valve\n");
        return await FromAsync(world, [.. OpenSslPeer.Showing(world, TlsWorld.Device), "-sess_in", session, "-early_data", early]);
    }
}
