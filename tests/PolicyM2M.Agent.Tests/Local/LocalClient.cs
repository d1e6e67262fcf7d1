using Grpc.Net.Client;
using PolicyM2M.Agent.Local;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>A program of the gateway: plain gRPC over the socket.</summary>
internal sealed class LocalClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public LocalClient(string socket)
    {
        Http = LocalAddress.Client(socket);
        _channel = GrpcChannel.ForAddress(Http.BaseAddress!, new GrpcChannelOptions { HttpClient = Http, DisposeHttpClient = true });
        Service = new DecisionService.DecisionServiceClient(_channel);
    }

    public HttpClient Http { get; }

    public DecisionService.DecisionServiceClient Service { get; }

    /// <summary>What holds for the gateway's own channels.</summary>
    public async Task<Decision> DecideAsync() => (await Service.DecideAsync(new DecideRequest { Kinds = { DecisionKind.CipherSuites } })).Decisions.Single();

    public void Dispose() => _channel.Dispose();
}
