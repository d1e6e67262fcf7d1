using System.Net;
using System.Net.Sockets;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Applying;

/// <summary>A client of OpenSSL that offers one suite to a service on a port of its own.</summary>
internal sealed class SuiteProbe(Plant plant, string openssl)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    public int Port { get; } = FreePort();

    /// <summary>Whether a client that offers this suite and no other gets in.</summary>
    public bool Takes(string suite) => FinishedProcess.Run(openssl,
        ["s_client", "-connect", $"127.0.0.1:{Port}", "-tls1_3", "-ciphersuites", suite, "-cert", plant.Pki("device.pem"), "-key", plant.Pki("device-key.pem"), "-CAfile", plant.Pki("ca.pem"), "-verify_return_error"]).ExitCode == 0;

    /// <summary>Waits until such a client gets in.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="log">Where the service says what it does.</param>
    public async Task LetsInAsync(string suite, string log)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!Takes(suite))
        {
            Assert.That(bound.IsCancellationRequested, Is.False, File.Exists(log) ? File.ReadAllText(log) : "the service never ran");
            await Task.Delay(Between);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
