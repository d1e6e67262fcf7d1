using System.Security.Cryptography;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Testing;
using static PolicyM2M.Enforcement.Tls.EnforcementReason;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>What a server, or somebody in its place, may try on our client.</summary>
internal static partial class Downgrades
{
    private const string Server = "`openssl s_server`", Hostile = "a server that ignores the offer";

    private static readonly Downgrade[] OfServers =
    [
        new("only TLS 1.2, where 1.3 is decided", "client", Server, DeprecatedVersion, world => ToServerAsync(world, TlsWorld.Server, "-Verify", "1", "-tls1_2")),
        new("TLS 1.0 chosen", "client", Hostile, DeprecatedVersion, world => HostileServer.AnswerAsync(world, 0x0301, 0x002F)),
        new("a suite chosen that was not offered", "client", Hostile, DisallowedCipher, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites(TlsWorld.Suites12);
            return HostileServer.AnswerAsync(world, 0x0303, 0x002F);
        }),
        new("only a CBC suite", "client", Server, HandshakeFailed, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites(TlsWorld.Suites12);
            return ToServerAsync(world, TlsWorld.Server, "-Verify", "1", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA");
        }),
        new("only P-384, where X25519 is decided (TLS 1.3)", "client", Server, DisallowedGroup, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites($"{TlsWorld.Suites13}; groups x25519");
            return ToServerAsync(world, TlsWorld.Server, "-Verify", "1", "-groups", "P-384");
        }),
        new("only P-384, where P-256 is decided (TLS 1.2)", "client", Server, DisallowedGroup, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites($"{TlsWorld.Suites12}; groups secp256r1");
            // With keys of RSA on both sides: in TLS 1.2 the groups bind the curves of certificates too.
            return RefusedAsync(() => OpenSslPeer.ConnectAsync(world, world.Enforcer(TlsWorld.Device with { RsaBits = 2_048 }), TlsWorld.Server with { RsaBits = 2_048 },
                "-Verify", "1", "-tls1_2", "-groups", "P-384"));
        }),
        new("a signature of RSA, where ECDSA is decided (TLS 1.3)", "client", Server, DisallowedSignature, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites($"{TlsWorld.Suites13}; signatures ecdsa_secp256r1_sha256");
            return ToServerAsync(world, TlsWorld.Server with { RsaBits = 2_048 }, "-Verify", "1");
        }),
        new("a signature with PKCS #1 v1.5, where PSS is decided (TLS 1.2)", "client", Server, DisallowedSignature, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites($"{TlsWorld.Suites12}; signatures ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256");
            return ToServerAsync(world, TlsWorld.Server with { RsaBits = 2_048 }, "-Verify", "1", "-tls1_2", "-sigalgs", "RSA+SHA256:ECDSA+SHA256");
        }),
        new("only the server authenticates (TLS 1.3)", "client", Server, NotMutual, world => ToServerAsync(world, TlsWorld.Server)),
        new("only the server authenticates (TLS 1.2)", "client", Server, NotMutual, world =>
        {
            world.CipherSuites = TestOutcomes.CipherSuites(TlsWorld.Suites12);
            return ToServerAsync(world, TlsWorld.Server, "-tls1_2");
        }),
        new("an expired certificate", "client", Server, CertificateExpired, world =>
            ToServerAsync(world, TlsWorld.Server with { NotBefore = TimeSpan.FromDays(-2), NotAfter = TimeSpan.FromDays(-1) }, "-Verify", "1")),
        new("a certificate of another authority", "client", Server, UntrustedCertificate, async world =>
        {
            using var other = new TlsWorld();
            (RunningProcess process, int port) = await OpenSslPeer.ServeAsync(other, TlsWorld.Server, "-Verify", "1");
            using (process)
                return await RefusedAsync(() => OpenSslPeer.ConnectAsync(world.Enforcer(TlsWorld.Device), port));
        }),
        new("a certificate that is for clients only", "client", Server, UntrustedCertificate, world => ToServerAsync(world, TlsWorld.Server with { Usages = [TlsWorld.ForClients] }, "-Verify", "1")),
        new("a certificate for another host", "client", Server, WrongIdentity, world => ToServerAsync(world, TlsWorld.Server with { Dns = ["other.plant.example"] }, "-Verify", "1")),
        new("another SPIFFE ID", "client", Server, WrongIdentity, world =>
        {
            world.PeerIds = [TlsWorld.ServerId];
            return ToServerAsync(world, TlsWorld.Server with { Uris = ["spiffe://plant.example/server/historian"] }, "-Verify", "1");
        }),
        new("two URIs in the certificate", "client", Server, WrongIdentity, world =>
        {
            world.PeerIds = [TlsWorld.ServerId];
            return ToServerAsync(world, TlsWorld.Server with { Uris = [TlsWorld.ServerId, "spiffe://plant.example/server/other"] }, "-Verify", "1");
        }),
        new("an X.509 certificate without SPIFFE ID, where spiffe-x509 is decided", "client", Server, DisallowedMethod, world =>
        {
            world.Auth = TestOutcomes.Auth("mutual required; methods spiffe-x509");
            return ToServerAsync(world, TlsWorld.Server with { Uris = [] }, "-Verify", "1");
        }),
        new("an RSA key of 2048 bits, where 3072 are decided", "client", Server, ShortRsaKey, world =>
        {
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; key-algorithms ecdsa-p256, rsa-3072");
            return ToServerAsync(world, TlsWorld.Server with { RsaBits = 2_048 }, "-Verify", "1");
        }),
        new("a key on P-384, where P-256 is decided", "client", Server, DisallowedKey, world =>
        {
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; key-algorithms ecdsa-p256");
            return ToServerAsync(world, TlsWorld.Server with { Curve = ECCurve.NamedCurves.nistP384 }, "-Verify", "1");
        }),
        new("a revoked certificate, revocation soft", "client", Server, CertificateRevoked, world => RevokedAsync(world, "soft")),
        new("a revoked certificate, revocation hard", "client", Server, CertificateRevoked, world => RevokedAsync(world, "hard")),
        new("no revocation list, revocation hard", "client", Server, NoRevocationList, world =>
        {
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation hard");
            return ToServerAsync(world, TlsWorld.Server, "-Verify", "1");
        }),
        new("a revocation list of another authority of the same name, revocation hard", "client", Server, NoRevocationList, async world =>
        {
            using TestAuthority other = TestAuthority.Root("Plant");
            other.WriteCrl(world.Folder["other.crl"]);
            world.Lists = new RevocationListFiles(world.Folder["other.crl"]);
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation hard");
            return await ToServerAsync(world, TlsWorld.Server, "-Verify", "1");
        }),
        new("a revocation list that has ended, revocation hard", "client", Server, RevocationListExpired, world =>
        {
            world.PublishCrl("-crl_lastupdate", "20250101000000Z", "-crl_nextupdate", "20250102000000Z");
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation hard");
            return ToServerAsync(world, TlsWorld.Server, "-Verify", "1");
        }),
        new("a revocation list older than the decision allows", "client", Server, RevocationListExpired, world =>
        {
            world.PublishCrl();
            world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation hard; revocation-within 1h");
            world.Time.Advance(TimeSpan.FromHours(2));
            return ToServerAsync(world, TlsWorld.Server with { NotAfter = TimeSpan.FromDays(7) }, "-Verify", "1");
        }),
        new("a request without TLS", "client", "`HttpClient`", NotTls, async world =>
        {
            using var client = new HttpClient(new SocketsHttpHandler().UsePolicyM2M(world.Enforcer(TlsWorld.Device)));
            HttpRequestException? failed = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://127.0.0.1:9/")));
            return failed?.InnerException as EnforcementException;
        }),
    ];

    private static Task<EnforcementException?> ToServerAsync(TlsWorld world, CertificateTerms terms, params string[] options) =>
        RefusedAsync(() => OpenSslPeer.ConnectAsync(world, world.Enforcer(TlsWorld.Device), terms, options));

    private static async Task<EnforcementException?> RevokedAsync(TlsWorld world, string revocation)
    {
        using var lost = world.Authority.Issue(TlsWorld.Server);
        world.Authority.Revoke(lost);
        world.PublishCrl();
        world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation {revocation}");
        (RunningProcess process, int port) = await OpenSslPeer.ServeAsync(world, lost, "-Verify", "1");
        using (process)
            return await RefusedAsync(() => OpenSslPeer.ConnectAsync(world.Enforcer(TlsWorld.Device), port));
    }

    private static async Task<EnforcementException?> RefusedAsync(Func<Task<EnforcedConnection>> connect)
    {
        try
        {
            await (await connect()).DisposeAsync();
            return null;
        }
        catch (EnforcementException refused)
        {
            return refused;
        }
    }
}
