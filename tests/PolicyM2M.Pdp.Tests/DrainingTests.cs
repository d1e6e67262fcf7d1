using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace PolicyM2M.Pdp.Tests;

/// <summary>How a server ends that is asked to, with real signals.</summary>
[TestFixture]
[CancelAfter(120_000)]
[Platform(Exclude = "Win", Reason = "Windows has no SIGTERM")]
public sealed class DrainingTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task A_server_that_is_asked_to_end_first_says_that_it_is_not_ready_then_answers_on_and_ends_watches_with_UNAVAILABLE()
    {
        using PdpProcess pdp = await PdpProcess.StartAsync("--drain", "600", "--monitor", "127.0.0.1:0");
        using var http = new HttpClient();
        var device = new DecisionService.DecisionServiceClient(pdp.ChannelOf("device"));
        var health = new Health.HealthClient(pdp.ChannelOf("device"));
        using AsyncServerStreamingCall<WatchResponse> watch = device.Watch(new WatchRequest(), cancellationToken: Cancel);
        Assert.That(await watch.ResponseStream.MoveNext(Cancel));
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> stream = device.DecideStream(cancellationToken: Cancel);
        await stream.RequestStream.WriteAsync(new DecideStreamRequest { Correlation = ByteString.CopyFromUtf8("1"), Request = new DecideRequest() }, Cancel);
        Assert.That(await stream.ResponseStream.MoveNext(Cancel));
        using AsyncServerStreamingCall<HealthCheckResponse> watched = health.Watch(new HealthCheckRequest(), cancellationToken: Cancel);
        Assert.That(await watched.ResponseStream.MoveNext(Cancel) && watched.ResponseStream.Current.Status == ServingStatus.Serving);
        Assert.That(await Ready(http, pdp), Is.EqualTo((HttpStatusCode.OK, "ready\n")));

        Task<int> ended = Task.Run(pdp.Process.TerminateAsync, Cancel);

        await RunningPdp.Eventually(() => Ready(http, pdp), ready => ready == (HttpStatusCode.ServiceUnavailable, "not ready: the server is shutting down\n"));
        Assert.That((await health.CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel)).Status, Is.EqualTo(ServingStatus.NotServing));
        Assert.That(await watched.ResponseStream.MoveNext(Cancel) && watched.ResponseStream.Current.Status == ServingStatus.NotServing);
        Assert.That((await device.DecideAsync(new DecideRequest(), cancellationToken: Cancel)).Decisions, Has.Count.EqualTo(3), "it still answers");
        await stream.RequestStream.WriteAsync(new DecideStreamRequest { Correlation = ByteString.CopyFromUtf8("2"), Request = new DecideRequest() }, Cancel);
        Assert.That(await stream.ResponseStream.MoveNext(Cancel) && stream.ResponseStream.Current.Correlation.ToStringUtf8() == "2");

        // Only now: however long the above takes, the drain is not over before.
        Task<int> cut = Task.Run(pdp.Process.TerminateAsync, Cancel);
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(Cancel)))!.Status,
            Is.EqualTo(new Status(StatusCode.Unavailable, "the decision point is shutting down")));
        // Where the connection closes before a client that still writes has read the last word, it makes up its own.
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancel)))!.StatusCode, Is.AnyOf(StatusCode.Unavailable, StatusCode.Internal));
        Assert.That((await cut, await ended), Is.EqualTo((0, 0)), pdp.Process.Transcript);
        Assert.That(pdp.Process.Transcript, Does.Contain("asked to end: not ready any more, and answering for 600 more seconds").And.Not.Contain("Exception").And.Not.Contain("Health check"));
    }

    [Test]
    public async Task A_second_signal_cuts_the_drain_short()
    {
        using PdpProcess pdp = await PdpProcess.StartAsync("--drain", "600");
        Task<int> first = Task.Run(pdp.Process.TerminateAsync, Cancel);
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Process.Transcript), text => text.Contains("answering for 600 more seconds", StringComparison.Ordinal));
        Assert.That(await pdp.Process.TerminateAsync(), Is.Zero);
        Assert.That(await first, Is.Zero);
        Assert.That(pdp.Process.Transcript, Does.Contain("asked again to end: no more callers, and calls under way are still answered"));
    }

    [Test]
    public async Task Ctrl_C_while_a_server_starts_ends_it_without_a_stack()
    {
        // A database that takes the connection and says nothing: the start waits for it.
        using var database = new TcpListener(IPAddress.Loopback, 0);
        database.Start();
        using var folder = new TemporaryFolder();
        string file = folder.Write("connection", $"Host=127.0.0.1;Port={((IPEndPoint)database.LocalEndpoint).Port};Database=x;Username=x;Password=x;Timeout=60");
        using PdpProcess pdp = PdpProcess.Begin("--registry-db", $"postgres-file:{file}");
        using TcpClient waiting = await database.AcceptTcpClientAsync(Cancel);

        Assert.That(await pdp.Process.InterruptAsync(), Is.Zero, pdp.Process.Transcript);
        Assert.That(pdp.Process.Transcript, Does.Not.Contain("Exception").And.Not.Contain("listening on"));
    }

    [Test]
    public async Task A_signal_while_a_server_fetches_its_policies_ends_it_in_order()
    {
        // A Git host that takes the connection and says nothing.
        using var host = new TcpListener(IPAddress.Loopback, 0);
        host.Start();
        using PdpProcess pdp = PdpProcess.Begin("--git", $"https://{host.LocalEndpoint}/fleet.git");
        using TcpClient waiting = await host.AcceptTcpClientAsync(Cancel);

        Assert.That(await pdp.Process.TerminateAsync(), Is.Zero, pdp.Process.Transcript);
        Assert.That(pdp.Process.Transcript, Does.Not.Contain("Exception").And.Not.Contain("error").And.Not.Contain("listening on"));
    }

    [Test]
    public async Task What_is_cut_short_although_nobody_asked_is_no_end_in_order()
    {
        using var errors = new StringWriter();
        using var asked = new CancellationTokenSource();
        Task CutShort() => throw new OperationCanceledException("the database took too long");
        Assert.That(await ProcessEnd.OfAsync(CutShort, errors, new Dictionary<string, string>(), asked.Token), Is.EqualTo(1));
        Assert.That(errors.ToString().ReplaceLineEndings("\n"), Is.EqualTo("error: something was cut short, and nobody asked the decision point to end: the database took too long\n"));
        await asked.CancelAsync();
        Assert.That(await ProcessEnd.OfAsync(CutShort, errors, new Dictionary<string, string>(), asked.Token), Is.Zero);
    }

    [Test]
    public async Task A_folder_is_held_before_anything_is_fetched_into_it()
    {
        using var host = new TcpListener(IPAddress.Loopback, 0);
        host.Start();
        await using RunningPdp pdp = RunningPdp.Prepare();
        PdpOptions options = pdp.Options() with { Git = $"https://{host.LocalEndpoint}/fleet.git" };
        using var asked = new CancellationTokenSource();
        Task first = Task.Run(() => Program.StartAsync(options, TimeProvider.System, pdp.Console, pdp.Log.AddTo, asked.Token), Cancel);
        using TcpClient waiting = await host.AcceptTcpClientAsync(Cancel);

        StartupException? second = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync(options));
        Assert.That(second!.Message, Is.EqualTo($"the data folder {pdp.Data.Path} cannot be used: another decision point uses it; each has its own (`--data`)"));
        await asked.CancelAsync();
        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());
    }

    private static async Task<(HttpStatusCode, string)> Ready(HttpClient http, PdpProcess pdp)
    {
        using HttpResponseMessage response = await http.GetAsync($"{pdp.Monitor}/readyz", Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}
