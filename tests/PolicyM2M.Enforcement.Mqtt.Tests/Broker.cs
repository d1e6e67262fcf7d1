using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Mqtt.Tests;

/// <summary>A mosquitto of a test, with a certificate of its authority.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private readonly RunningProcess _process;

    private Broker(RunningProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts one whose listener has these options.</summary>
    public static async Task<Broker> StartAsync(TemporaryFolder folder, TestAuthority authority, params string[] options)
    {
        using X509Certificate2 certificate = authority.Issue(new CertificateTerms { Uris = ["spiffe://plant.example/broker"] });
        int port = FreePort();
        string configuration = folder.Write("mosquitto.conf", $"""
            listener {port} 127.0.0.1
            allow_anonymous true
            cafile {folder.Write("ca.pem", authority.Pem)}
            certfile {folder.Write("broker.pem", certificate.ExportCertificatePem())}
            keyfile {folder.Write("broker-key.pem", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}
            {string.Join('\n', options)}

            """);
        // As root it would become another user, who may not read the folder of the test.
        File.AppendAllText(configuration, $"user {Environment.UserName}\n");
        RunningProcess process = RunningProcess.Start(RequiredProgram.Mosquitto.Require(), ["-c", configuration, "-v"], folder.Path);
        await process.NextLineAsync(line => line.Contains(" running", StringComparison.Ordinal), "word that it runs");
        return new Broker(process, port);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.KillAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
