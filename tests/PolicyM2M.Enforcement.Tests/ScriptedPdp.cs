using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PolicyM2M.Enforcement.Connection;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A real gRPC server over real mutual TLS whose answers a test decides.</summary>
internal sealed class ScriptedPdp : IAsyncDisposable
{
    private readonly TestCertificates _certificates;
    private readonly int _port;
    private readonly WebApplication _server;
    private readonly PdpScript _script;

    private ScriptedPdp(TestCertificates certificates, PdpScript script, int port)
    {
        _certificates = certificates;
        _script = script;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(script);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificates.Server;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (_, _, _) => !script.RefusesCertificates;
            });
        }));
        _server = builder.Build();
        _server.MapGrpcService<Service>();
        _server.Start();
        Endpoint = new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        _port = Endpoint.Port;
    }

    public Uri Endpoint { get; }

    /// <summary>How many times it was asked to decide.</summary>
    public int Calls => _script.Calls;

    /// <summary>The attributes of the last question.</summary>
    public string[] LastAttributes => _script.LastAttributes;

    public static ScriptedPdp Start(TestCertificates certificates, PdpScript script) => new(certificates, script, port: 0);

    /// <summary>Forges a decision into a denial by the policies.</summary>
    public static void Deny(V1.Decision decision)
    {
        decision.Denial = new V1.Denial { Reason = "retired" };
        decision.FreshUntil = decision.UsableUntil = decision.IssuedAt;
    }

    /// <summary>Stops it as a killed process stops: at once, for everybody.</summary>
    public async Task KillAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _server.StopAsync(now.Token);
        await _server.DisposeAsync();
    }

    /// <summary>Stops it in order: it tells its connections that it goes (GOAWAY), and lets calls end.</summary>
    public async Task StopAsync()
    {
        _script.EndWatches();
        await _server.StopAsync();
        await _server.DisposeAsync();
    }

    /// <summary>Starts it again at the same address.</summary>
    public ScriptedPdp Restart() => new(_certificates, _script, _port);

    public async ValueTask DisposeAsync() => await KillAsync();

    private sealed class Service(PdpScript script) : V1.DecisionService.DecisionServiceBase
    {
        public override async Task<V1.DecideResponse> Decide(V1.DecideRequest request, ServerCallContext context)
        {
            string caller = CertificateIdentity.Of(context.GetHttpContext().Connection.ClientCertificate!);
            V1.DecideResponse answer = script.Answer(request, request.DeviceId.Length > 0 ? request.DeviceId : caller[(caller.LastIndexOf('/') + 1)..]);
            await script.Hold(request).WaitAsync(context.CancellationToken);
            return answer;
        }

        public override async Task<V1.GetSigningKeysResponse> GetSigningKeys(V1.GetSigningKeysRequest request, ServerCallContext context)
        {
            await script.HoldKeys().WaitAsync(context.CancellationToken);
            return script.Keys();
        }

        public override async Task GetBundle(V1.GetBundleRequest request, IServerStreamWriter<V1.GetBundleResponse> responseStream, ServerCallContext context)
        {
            foreach (V1.GetBundleResponse part in script.Bundle(request))
                await responseStream.WriteAsync(part, context.CancellationToken);
        }

        public override async Task Watch(V1.WatchRequest request, IServerStreamWriter<V1.WatchResponse> responseStream, ServerCallContext context)
        {
            System.Threading.Channels.ChannelReader<V1.WatchResponse> watching = script.Watch(request.DeviceId);
            try
            {
                await foreach (V1.WatchResponse message in watching.ReadAllAsync(context.CancellationToken))
                    await responseStream.WriteAsync(message, context.CancellationToken);
            }
            finally
            {
                script.Left(watching);
            }
        }

        public override async Task WatchDevices(IAsyncStreamReader<V1.WatchDevicesRequest> requestStream, IServerStreamWriter<V1.WatchDevicesResponse> responseStream, ServerCallContext context)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
            await using var watches = new ScriptedWatches(script, responseStream, ended.Token);
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                if (script.RefusesDevices is { } status)
                {
                    await ended.CancelAsync();
                    throw new RpcException(new Status(status, "scripted"));
                }
                foreach (string device in requestStream.Current.Removed)
                    watches.Remove(device);
                foreach (string device in requestStream.Current.Added)
                    watches.Add(device);
            }
        }
    }
}
