using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Whatever is beyond a limit is turned away, leaves one record, and costs nobody else anything.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class OverloadRecordTests
{
    private const string Device = "spiffe://dev.policym2m.example/device/plc-0042";

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Connections_from_one_address_are_limited_others_get_in_and_there_is_one_record()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { ConnectionsPerAddress = 1 });
        var first = new Health.HealthClient(pdp.ChannelOf("device"));
        await first.CheckAsync(new HealthCheckRequest());
        for (int i = 0; i < 3; i++)
        {
            using var beyond = new TcpClient("127.0.0.1", new Uri(pdp.Address).Port);
            Assert.That(await EndedAsync(beyond), Is.True);
        }

        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("gateway"), pdp.Data.Key("gateway"));
        SocketsHttpHandler elsewhere = RunningPdp.Handler(pdp.Data, certificate);
        elsewhere.ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        };
        using (var channel = GrpcChannel.ForAddress(pdp.Address, new GrpcChannelOptions { HttpHandler = elsewhere, DisposeHttpClient = true }))
            Assert.That((await new DecisionService.DecisionServiceClient(channel).DecideAsync(new DecideRequest(), cancellationToken: Cancel)).Decisions, Has.Count.EqualTo(3));
        await first.CheckAsync(new HealthCheckRequest());

        Assert.That(pdp.Log.Lines, Has.Exactly(1).EqualTo("Warning: turning connections from 127.0.0.1 away: 1 connections are open from one address"));
        Assert.That(await OverloadsAsync(pdp), Is.EqualTo(new[] { ("", "1 connections are open from one address; from 127.0.0.1", 3UL) }));
    }

    [Test]
    public async Task Connections_of_one_identity_beyond_the_limit_are_one_record()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits());
        var open = new List<Health.HealthClient>();
        for (int i = 0; i < CallLimits.ConnectionsPerCaller; i++)
        {
            open.Add(new Health.HealthClient(pdp.ChannelOf("device")));
            await open[^1].CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel);
        }
        await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(pdp.ChannelOf("device")).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel));

        (string Caller, string Reason, ulong Times) record = (await OverloadsAsync(pdp)).Single();
        Assert.That((record.Caller, record.Reason), Is.EqualTo((Device, "64 connections are open")));
        Assert.That(record.Times, Is.Positive, "a client may try more than once");
    }

    [Test]
    public async Task A_reader_that_is_cut_for_being_slow_is_one_record()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { ReaderGrace = TimeSpan.FromSeconds(2) });
        await using (StalledReader stalled = await StalledReader.WatchAsync(pdp, Cancel))
            Assert.That(await stalled.EndedByServerAsync(Cancel), Is.EqualTo("connection ended"));
        // The reader is told a moment before the server ends the connection.
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Log.Lines), lines => lines.Any(line => line.Contains("did not take", StringComparison.Ordinal)));
        Assert.That(await OverloadsAsync(pdp), Is.EqualTo(new[] { (Device, "it did not take within 2 seconds what was written to it", 1UL) }));
    }

    [Test]
    public async Task Who_fetches_bundles_pays_for_what_they_take_of_the_line()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { Rate = 5 }, ("policies/baseline.m2m", ManyRules()));
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        GetBundleRequest had = await FetchAsync(device, new GetBundleRequest());

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(() => FetchAsync(device, new GetBundleRequest()));

        Assert.That((refusal!.StatusCode, refusal.Status.Detail), Is.EqualTo((StatusCode.ResourceExhausted, refusal.Status.Detail)));
        Assert.That(refusal.Status.Detail, Does.Match("^5 calls a second are exceeded: [0-9]+ bytes of a bundle count as 10 calls; try again later$").Or.EqualTo("5 calls a second are exceeded; try again later"));
        Assert.That(int.Parse(refusal.Trailers.GetValue("grpc-retry-pushback-ms")!, System.Globalization.CultureInfo.InvariantCulture), Is.InRange(1, 2_000));
        // Whoever has it already asks as it likes.
        await RunningPdp.Eventually(() => TryAsync(() => FetchAsync(device, had)), isAnswered => isAnswered);
        await FetchAsync(pdp.DecisionsAs("gateway"), new GetBundleRequest());
    }

    private static async Task<bool> EndedAsync(TcpClient connection)
    {
        try
        {
            return await connection.GetStream().ReadAsync(new byte[1], Cancel) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (RpcException refusal) when (refusal.StatusCode == StatusCode.ResourceExhausted)
        {
            return false;
        }
    }

    /// <summary>Fetches a bundle, and says how one asks who has it.</summary>
    private static async Task<GetBundleRequest> FetchAsync(DecisionService.DecisionServiceClient client, GetBundleRequest request)
    {
        using AsyncServerStreamingCall<GetBundleResponse> call = client.GetBundle(request, cancellationToken: Cancel);
        BundleDescription? description = null;
        await foreach (GetBundleResponse part in call.ResponseStream.ReadAllAsync(Cancel))
            description ??= part.Description;
        return new GetBundleRequest { BundleHash = description!.Revision.BundleHash, Offset = description.Length };
    }

    private static async Task<(string Caller, string Reason, ulong Times)[]> OverloadsAsync(RunningPdp pdp)
    {
        pdp.Server.Services.GetRequiredService<Overloads>().EndWindow();
        // Nobody waits for such a record: it is written when it is.
        AuditRecord[] records = await RunningPdp.Eventually(() => AuditTests.Records(pdp), records => records.Any(record => record.Overload is not null));
        return [.. records.Where(record => record.Overload is not null).Select(record => (record.Caller, record.Overload.Reason, record.Overload.Times))];
    }

    private static async Task<RunningPdp> StartAsync(CallLimits limits, params (string, string)[] files)
    {
        RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", [.. TestPolicies.Files(), .. files]);
        pdp.WriteRegistry(TestRegistry.Json);
        await pdp.StartServerAsync(pdp.Options() with { Audit = new AuditOptions { Durability = AuditDurability.Durable }, Callers = new CallerOptions { Limits = limits } });
        return pdp;
    }

    private static string ManyRules() => "policy baseline\n\nrotation {\n"
        + string.Concat(Enumerable.Range(0, 3_000).Select(rule => $"  when device.id == \"device-{rule}\" use {{ lifetime {rule + 1}h }}\n"))
        + "  otherwise use { lifetime 1h }\n}\n";
}
