using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>Channels to a decision point with its certificates for development.</summary>
internal sealed class DevelopmentClients(ServerProcess pdp, string pki) : IDisposable
{
    /// <summary>As the device.</summary>
    public GrpcChannel Device { get; } = Open(pdp, pki, "device");

    /// <summary>As the operator.</summary>
    public GrpcChannel Operator { get; } = Open(pdp, pki, "operator");

    /// <summary>The commit that decides.</summary>
    public async Task<string> ActiveAsync() => (await new PolicyService.PolicyServiceClient(Operator).GetStatusAsync(new GetStatusRequest())).Active.CommitId;

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
