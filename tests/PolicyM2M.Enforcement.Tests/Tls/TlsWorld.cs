using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>An authority, a server's and a device's credential of it, decisions that a test changes, and real peers: the other end of <see cref="TlsEnforcer"/>, and OpenSSL.</summary>
internal sealed class TlsWorld : IDisposable
{
    public const string ServerId = "spiffe://plant.example/server/scada", DeviceId = "spiffe://plant.example/device/plc-0042";
    public const string Host = "scada.plant.example";
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";
    public const string Suites13 = "versions TLS1.3; suites TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384";
    public const string Suites12 = "versions TLS1.2; suites TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    public const string Mutual = "mutual required; methods spiffe-x509, x509";

    public TemporaryFolder Folder { get; } = new();

    public TestAuthority Authority { get; } = TestAuthority.Root("Plant");

    public ManualTime Time { get; } = new();

    /// <summary>What the enforcers take for the time; null for the one above.</summary>
    public TimeProvider? Clock { get; set; }

    public Outcome CipherSuites { get; set; } = TestOutcomes.CipherSuites(Suites13);

    public Outcome Auth { get; set; } = TestOutcomes.Auth(Mutual);

    public DateTimeOffset? UsableUntil { get; set; }

    /// <summary>What the enforcers ask instead, where it is there.</summary>
    public TlsDecisionSource? Decisions { get; set; }

    public Action<Refusal>? OnRefusal { get; set; }

    public RevocationListFiles? Lists { get; set; }

    public string[] PeerIds { get; set; } = [];

    public List<Refusal> Refusals { get; } = [];

    public static CertificateTerms Server { get; } = new() { Subject = "CN=scada", Uris = [ServerId], Dns = [Host] };

    public static CertificateTerms Device { get; } = new() { Subject = "CN=plc-0042", Uris = [DeviceId] };

    public TimeSpan DecisionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    public TlsEnforcer Enforcer(CertificateTerms own, Func<X509Certificate2, TlsCredential>? credential = null) => Enforcer(Authority.Issue(own), credential);

    public TlsEnforcer Enforcer(X509Certificate2? own, Func<X509Certificate2, TlsCredential>? credential = null)
    {
        TlsCredential? made = own is null ? null : credential?.Invoke(own) ?? new TlsCredential(own);
        return new(new TlsEnforcerOptions
        {
            Decisions = ending => Decisions?.Invoke(ending) ?? ValueTask.FromResult(new TlsDecisions(CipherSuites, Auth) { UsableUntil = UsableUntil }),
            Trust = new TlsTrust([Authority.Certificate]) { PeerIds = [.. PeerIds], RevocationLists = Lists },
            Credential = () => made,
            Time = Clock ?? Time,
            CheckEvery = TimeSpan.FromMilliseconds(20),
            OnRefusal = refusal =>
            {
                lock (Refusals)
                    Refusals.Add(refusal);
                OnRefusal?.Invoke(refusal);
            },
            DecisionTimeout = DecisionTimeout,
        });
    }

    /// <summary>The authority's list, in a file that our end reads.</summary>
    public void PublishCrl(params string[] options)
    {
        Authority.WriteCrl(Folder["plant.crl"], options);
        Lists = new RevocationListFiles(Folder["plant.crl"]);
    }

    /// <summary>Two ends of a TCP connection.</summary>
    public static async Task<(Stream Client, Stream Server)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        TcpClient server = await listener.AcceptTcpClientAsync();
        return (client.GetStream(), server.GetStream());
    }

    /// <summary>Both ends of a connection, each by an enforcer of its own.</summary>
    public async Task<(EnforcedConnection Client, EnforcedConnection Server)> ConnectBothAsync()
    {
        (Stream client, Stream server) = await PairAsync();
        Task<EnforcedConnection> accepting = Enforcer(Server).AcceptAsync(server);
        EnforcedConnection connected = await Enforcer(Device).ConnectAsync(client, Host);
        return (connected, await accepting);
    }

    /// <summary>Writes a certificate and its key as PEM, and gives their paths.</summary>
    public (string Certificate, string Key) Write(string name, X509Certificate2 certificate) =>
        (Folder.Write($"{name}.pem", certificate.ExportCertificatePem()), Folder.Write($"{name}-key.pem", PrivateKey(certificate)));

    public string CaFile => Folder.Write("ca.pem", Authority.Pem);

    public void Dispose()
    {
        Folder.Dispose();
        Authority.Dispose();
    }

    private static string PrivateKey(X509Certificate2 certificate) =>
        certificate.GetECDsaPrivateKey()?.ExportPkcs8PrivateKeyPem() ?? certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem();
}
