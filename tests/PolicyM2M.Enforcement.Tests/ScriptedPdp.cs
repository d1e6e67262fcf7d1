using System.Net;
using System.Threading.Channels;
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
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A real gRPC server over real mutual TLS whose answers a test decides.</summary>
internal sealed class ScriptedPdp : IAsyncDisposable
{
    private readonly TestCertificates _certificates;
    private readonly int _port;
    private readonly WebApplication _server;
    private readonly Script _script;

    private ScriptedPdp(TestCertificates certificates, Script script, int port)
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

    public static ScriptedPdp Start(TestCertificates certificates, Script script) => new(certificates, script, port: 0);

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

    /// <summary>Starts it again at the same address.</summary>
    public ScriptedPdp Restart() => new(_certificates, _script, _port);

    public async ValueTask DisposeAsync() => await KillAsync();

    /// <summary>What the server answers; may be changed while it runs.</summary>
    internal sealed class Script(TimeProvider time)
    {
        private readonly List<Channel<V1.WatchResponse>> _watchers = [];

        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public string[] LastAttributes { get; private set; } = [];

        public RevisionId Revision { get; private set; } = new("1111", "aaaa");

        /// <summary>What the registry holds of the device; told to watchers with <see cref="Publish"/>.</summary>
        public ulong DeviceVersion { get; set; } = 1;

        public string[] Needed { get; set; } = ["device.type"];

        public TimeSpan FreshFor { get; set; } = TimeSpan.FromHours(1);

        public TimeSpan UsableFor { get; set; } = TimeSpan.FromDays(3);

        public StatusCode? Refuses { get; set; }

        public Action<V1.Decision> Forge { get; set; } = _ => { };

        /// <summary>What an answer waits for.</summary>
        public Func<V1.DecideRequest, Task> Hold { get; set; } = _ => Task.CompletedTask;

        public bool RefusesCertificates { get; set; }

        /// <summary>Why an attribute is not used; null where it is.</summary>
        public Func<string, (V1.IgnoredReason Reason, string Detail)?> Ignores { get; set; } = _ => null;

        public StatusCode? RefusesWatch { get; set; }

        public V1.DecideResponse Answer(V1.DecideRequest request)
        {
            Interlocked.Increment(ref _calls);
            LastAttributes = [.. request.Attributes.Keys.Order(StringComparer.Ordinal)];
            if (Refuses is { } status)
                throw new RpcException(new Status(status, "scripted"));
            var response = new V1.DecideResponse { NeededAttributes = { Needed } };
            foreach (string name in LastAttributes)
            {
                if (Ignores(name) is { } ignored)
                    response.Ignored.Add(new V1.IgnoredAttribute { Name = name, Reason = ignored.Reason, Detail = ignored.Detail });
            }
            foreach (V1.DecisionKind kind in request.Kinds)
            {
                V1.Decision decision = WireMapping.ToWire(Decision(WireMapping.FromWire(kind)), Revision, time.GetUtcNow());
                Forge(decision);
                response.Decisions.Add(decision);
            }
            return response;
        }

        public void Publish(RevisionId revision)
        {
            lock (_watchers)
            {
                Revision = revision;
                foreach (Channel<V1.WatchResponse> watcher in _watchers)
                    watcher.Writer.TryWrite(Message());
            }
        }

        public ChannelReader<V1.WatchResponse> Watch()
        {
            lock (_watchers)
            {
                Channel<V1.WatchResponse> watcher = Channel.CreateUnbounded<V1.WatchResponse>();
                watcher.Writer.TryWrite(Message());
                _watchers.Add(watcher);
                return watcher.Reader;
            }
        }

        private V1.WatchResponse Message() => new() { Revision = WireMapping.ToWire(Revision), NeededAttributes = { Needed }, DeviceVersion = DeviceVersion };

        private Decision Decision(DecisionKind kind) => new(Outcome.Allow(kind, Field.Of(kind).Where(field => field.MustBeStated).Select(Value)
            .Append((Field.FreshFor, new FieldValue.Duration((long)FreshFor.TotalSeconds))).Append((Field.UsableFor, new FieldValue.Duration((long)UsableFor.TotalSeconds)))
            .Concat(kind == DecisionKind.Rotation ? [(Field.RotateNow, new FieldValue.Level(0, "false"))] : [])), []);

        private static (Field, FieldValue) Value(Field field) => (field, new FieldValue.Names([((FieldShape.NameList)field.Shape).CodePoints!.Keys.Order(StringComparer.Ordinal).First()]));
    }

    private sealed class Service(Script script) : V1.DecisionService.DecisionServiceBase
    {
        public override async Task<V1.DecideResponse> Decide(V1.DecideRequest request, ServerCallContext context)
        {
            V1.DecideResponse answer = script.Answer(request);
            await script.Hold(request).WaitAsync(context.CancellationToken);
            return answer;
        }

        public override async Task Watch(V1.WatchRequest request, IServerStreamWriter<V1.WatchResponse> responseStream, ServerCallContext context)
        {
            if (script.RefusesWatch is { } status)
                throw new RpcException(new Status(status, "scripted"));
            await foreach (V1.WatchResponse message in script.Watch().ReadAllAsync(context.CancellationToken))
                await responseStream.WriteAsync(message, context.CancellationToken);
        }
    }
}
