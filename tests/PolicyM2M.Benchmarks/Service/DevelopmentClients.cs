using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>Channels to a decision point with its certificates for development.</summary>
internal sealed class DevelopmentClients(ServerProcess pdp, string pki) : IDisposable
{
    /// <summary>As the device.</summary>
    public GrpcChannel Device { get; } = Open(pdp, pki, "device");

    /// <summary>As the operator.</summary>
    public GrpcChannel Operator { get; } = Open(pdp, pki, "operator");

    public void Dispose()
    {
        Device.Dispose();
        Operator.Dispose();
    }

    private static GrpcChannel Open(ServerProcess pdp, string pki, string name)
    {
        var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(pki, $"{name}.pem"), Path.Combine(pki, $"{name}-key.pem"));
        return GrpcChannel.ForAddress(pdp.Address, new GrpcChannelOptions { HttpHandler = LoadClient.Handler(pki, certificate), DisposeHttpClient = true });
    }
}
