using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>How much callers may do, and that one who does too much is nobody else's trouble.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class CallLimitTests
{
    [Test]
    public void A_rate_is_a_bucket_that_time_fills_again()
    {
        var time = new ManualTime();
        var load = new CallerLoad("x", new CallLimits { Rate = 10 }, time);

        Assert.That(Enumerable.Range(0, 20).Select(_ => load.Charge(1)), Is.All.Null);
        Assert.That(load.Charge(1), Is.EqualTo(new Overload("10 calls a second are exceeded", TimeSpan.FromMilliseconds(100))));
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.That((load.Charge(1), load.Charge(1)?.Reason), Is.EqualTo(((Overload?)null, "10 calls a second are exceeded")));
        time.Advance(TimeSpan.FromHours(1));
        Assert.That(load.Charge(21), Is.Not.Null);
        Assert.That(load.Charge(20), Is.Null);
    }

    [Test]
    public void Calls_and_streams_of_one_caller_and_calls_of_all_are_counted_while_they_last()
    {
        var loads = new CallerLoads(new CallLimits { Calls = 4, Streams = 2, Rate = 1_000 }, new ManualTime());
        (CallerLoad a, CallerLoad b) = (loads.Enter("a")!, loads.Enter("b")!);

        Assert.That((loads.Begin(a, true), loads.Begin(a, true), loads.Begin(a, true)?.Reason), Is.EqualTo(((Overload?)null, (Overload?)null, "2 streams are open")));
        Assert.That((loads.Begin(a, false), loads.Begin(a, false)?.Reason), Is.EqualTo(((Overload?)null, "1 calls are being answered")));
        foreach (string other in new[] { "c", "d", "e" })
            Assert.That(loads.Begin(loads.Enter(other)!, false), Is.Null);
        Assert.That(loads.Begin(b, false)?.Reason, Is.EqualTo("the decision point is busy"));
        loads.End(a, false);
        Assert.That(loads.Begin(b, false), Is.Null);
        loads.End(a, true);
        Assert.That(loads.Begin(a, true), Is.Null);
    }

    [Test]
    public void Whoever_is_gone_is_forgotten_when_that_gains_it_nothing()
    {
        var time = new ManualTime();
        var loads = new CallerLoads(new CallLimits { Rate = 1 }, time);
        for (int i = 0; i < 1_000; i++)
            loads.Leave(loads.Enter($"device-{i}")!);
        CallerLoad spender = loads.Enter("spender")!;
        Assert.That(spender.Charge(2), Is.Null);
        loads.Leave(spender);

        time.Advance(TimeSpan.FromSeconds(1.5));
        CallerLoad again = loads.Enter("spender")!;
        Assert.That(loads.Count, Is.EqualTo(1));
        Assert.That(again.Charge(2), Is.Not.Null, "connecting anew must not fill the bucket");
        loads.Leave(again);
        time.Advance(TimeSpan.FromSeconds(5));
        loads.Leave(loads.Enter("last")!);
        Assert.That(loads.Count, Is.EqualTo(1));
    }

    [Test]
    public void One_caller_has_so_many_connections_and_no_more()
    {
        var loads = new CallerLoads(new CallLimits(), new ManualTime());
        CallerLoad[] open = [.. Enumerable.Range(0, CallLimits.ConnectionsPerCaller).Select(_ => loads.Enter("a")!)];
        Assert.That(loads.Enter("a"), Is.Null);
        Assert.That(loads.Enter("b"), Is.Not.Null);
        loads.Leave(open[0]);
        Assert.That(loads.Enter("a"), Is.Not.Null);
    }

    [Test]
    public void One_address_leaves_places_to_others_and_a_network_of_IPv6_is_one_address()
    {
        var places = new ConnectionPlaces(new CallLimits { Connections = 5 });
        IPAddress[] one = [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("::ffff:10.0.0.1"), IPAddress.Parse("10.0.0.1")];
        IPAddress[] other = [IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::ffff:1:2")];
        Assert.That(one.Select(places.Enter), Is.All.Null);
        Assert.That(places.Enter(one[1]), Is.EqualTo("3 connections are open from one address"));
        Assert.That(other.Select(places.Enter), Is.All.Null);
        Assert.That(places.Enter(IPAddress.Parse("2001:db8:0:1::1")), Is.EqualTo("5 connections are open"));
        places.Leave(one[0]);
        Assert.That(places.Enter(other[1]), Is.Null);
        Assert.That(places.Enter(one[0]), Is.EqualTo("5 connections are open"));
    }

    [Test]
    public void A_bundle_counts_as_the_calls_that_would_take_as_much_of_the_line_and_never_as_more_than_may_come_at_once()
    {
        var load = new CallerLoad("x", new CallLimits { Rate = 10 }, new ManualTime());
        Assert.That(new[] { 0, 1, 16 << 10, (16 << 10) + 1, 160 << 10, 1 << 30 }.Select(load.CallsFor), Is.EqualTo(new[] { 1, 1, 1, 2, 10, 20 }));
    }

    [Test]
    public async Task A_caller_that_floods_is_turned_away_with_a_hint_and_others_are_answered()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { Rate = 5 });
        DecisionService.DecisionServiceClient flooding = pdp.DecisionsAs("device");
        List<RpcException> refused = [];
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), TestContext.CurrentContext.CancellationToken, async (_, cancel) =>
        {
            try
            {
                await flooding.DecideAsync(new DecideRequest(), cancellationToken: cancel);
            }
            catch (RpcException refusal)
            {
                lock (refused)
                    refused.Add(refusal);
            }
        });

        Assert.That(refused, Has.Count.GreaterThan(10));
        Assert.That(refused, Has.All.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.ResourceExhausted));
        Assert.That(refused.Select(refusal => int.Parse(refusal.Trailers.GetValue("grpc-retry-pushback-ms")!)), Is.All.InRange(1, 1_000));
        Assert.That(refused[0].Status.Detail, Is.EqualTo("5 calls a second are exceeded; try again later"));
        Assert.That((await pdp.DecisionsAs("gateway").DecideAsync(new DecideRequest { DeviceId = "plc-0042" })).Decisions, Has.Count.EqualTo(3));
        Assert.That(pdp.Log.Lines, Has.Exactly(1).EqualTo("Warning: turning calls of spiffe://dev.policym2m.example/device/plc-0042 away: 5 calls a second are exceeded"));
    }

    [Test]
    public async Task A_stream_pays_for_what_is_malformed_too_and_is_read_no_faster_than_its_rate()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { Rate = 5 });
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call = pdp.DecisionsAs("device").DecideStream(cancellationToken: cancel);
        for (int i = 0; i < 30; i++)
            await call.RequestStream.WriteAsync(new DecideStreamRequest(), cancel);
        await call.RequestStream.CompleteAsync();

        var codes = new List<StatusCode>();
        await foreach (DecideStreamResponse answer in call.ResponseStream.ReadAllAsync(cancel))
            codes.Add((StatusCode)answer.Fault.Code);

        Assert.That(codes, Has.Count.EqualTo(30));
        Assert.That(codes, Has.All.EqualTo(StatusCode.InvalidArgument).Or.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(codes.Count(code => code == StatusCode.ResourceExhausted), Is.InRange(1, 6), "after each there is a second in which the rate comes back");
    }

    [TestCase("grpc.reflection.v1.ServerReflection")]
    [TestCase("grpc.reflection.v1alpha.ServerReflection")]
    public async Task Messages_of_every_stream_count_against_the_rate_of_their_caller(string service)
    {
        const int Burst = 10;
        await using RunningPdp pdp = await StartAsync(new CallLimits { Rate = Burst / 2 }, new StoppedWatch());
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using var reflection = ReflectionCall.Begin(pdp.ChannelOf("device"), service, cancel);
        for (int message = 1; message < Burst; message++)
            Assert.That(await reflection.AskAsync(cancel), Is.Not.Empty);

        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(async () => await pdp.DecisionsAs("device").DecideAsync(new DecideRequest(), cancellationToken: cancel));
        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task A_message_of_a_stream_is_a_call_while_it_is_answered()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { Calls = 1, RequestGrace = TimeSpan.FromMinutes(2) });
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("device"), pdp.Data.Key("device"));
        using var http = new HttpClient(RunningPdp.Handler(pdp.Data, certificate));
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> stream = pdp.DecisionsAs("gateway").DecideStream(cancellationToken: cancel);

        // What holds the only place may be turned away because a message has it just then.
        Task<HttpResponseMessage>? holding = null;
        DecideStreamResponse answer = await RunningPdp.Eventually(async () =>
        {
            if (holding is null || holding.IsCompleted)
                holding = PostEndless(http, pdp, "/policym2m.v1.DecisionService/Decide", "application/grpc", cancel);
            await stream.RequestStream.WriteAsync(new DecideStreamRequest { Request = new DecideRequest() }, cancel);
            Assert.That(await stream.ResponseStream.MoveNext(cancel));
            return stream.ResponseStream.Current;
        }, answer => answer.Fault is not null);

        Assert.That(((StatusCode)answer.Fault.Code, answer.Fault.Message), Is.EqualTo((StatusCode.ResourceExhausted, "the decision point is busy; try again later")));
    }

    [Test]
    public async Task A_request_that_does_not_arrive_in_its_time_is_ended_and_others_go_on()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { RequestGrace = TimeSpan.FromSeconds(1) });
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("device"), pdp.Data.Key("device"));
        using var http = new HttpClient(RunningPdp.Handler(pdp.Data, certificate));
        using HttpResponseMessage grpc = await PostEndless(http, pdp, "/policym2m.v1.DecisionService/Decide", "application/grpc", cancel);
        using HttpResponseMessage rest = await PostEndless(http, pdp, "/v1/decide", "application/json", cancel);

        Assert.That(grpc.Headers.GetValues("grpc-status").Single(), Is.EqualTo(((int)StatusCode.DeadlineExceeded).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.That(rest.StatusCode, Is.EqualTo(HttpStatusCode.RequestTimeout));
        Assert.That((await pdp.DecisionsAs("device").DecideAsync(new DecideRequest(), cancellationToken: cancel)).Decisions, Has.Count.EqualTo(3));
        Assert.That(new CallLimits().CallsPerCaller, Is.EqualTo(62));
    }

    [Test]
    public async Task Streams_are_limited_for_each_caller_and_those_that_are_open_go_on()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { Streams = 2 });
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device"), gateway = pdp.DecisionsAs("gateway");
        using AsyncServerStreamingCall<WatchResponse> one = device.Watch(new WatchRequest(), cancellationToken: cancel), two = device.Watch(new WatchRequest(), cancellationToken: cancel);
        Assert.That((await one.ResponseStream.MoveNext(cancel), await two.ResponseStream.MoveNext(cancel)), Is.EqualTo((true, true)));

        using (AsyncServerStreamingCall<WatchResponse> three = device.Watch(new WatchRequest(), cancellationToken: cancel))
        {
            RpcException? refusal = await Assert.ThrowsAsync<RpcException>(async () => await three.ResponseStream.MoveNext(cancel));
            Assert.That((refusal!.StatusCode, refusal.Status.Detail), Is.EqualTo((StatusCode.ResourceExhausted, "2 streams are open; try again later")));
        }

        using AsyncServerStreamingCall<WatchResponse> other = gateway.Watch(new WatchRequest(), cancellationToken: cancel);
        Assert.That(await other.ResponseStream.MoveNext(cancel));
        Assert.That((await device.DecideAsync(new DecideRequest(), cancellationToken: cancel)).Decisions, Has.Count.EqualTo(3));
        one.Dispose();
        await RunningPdp.Eventually(async () =>
        {
            using AsyncServerStreamingCall<WatchResponse> again = device.Watch(new WatchRequest(), cancellationToken: cancel);
            try
            {
                return await again.ResponseStream.MoveNext(cancel);
            }
            catch (RpcException)
            {
                return false;
            }
        }, isOpen => isOpen);
        string commit = pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        Assert.That(await two.ResponseStream.MoveNext(cancel));
        Assert.That(two.ResponseStream.Current.Revision.CommitId, Is.EqualTo(commit));
    }

    [Test]
    public async Task More_connections_than_the_limit_are_not_taken_and_those_that_are_open_go_on()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { Connections = 1 });
        var first = new Health.HealthClient(pdp.ChannelOf("device"));
        await first.CheckAsync(new HealthCheckRequest());

        Assert.That(async () => await new Health.HealthClient(pdp.ChannelOf("gateway")).CheckAsync(new HealthCheckRequest()),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.Unavailable).Or.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.Internal));
        await first.CheckAsync(new HealthCheckRequest());
    }

    [Test]
    public async Task Who_does_not_end_the_handshake_leaves_its_place_to_others()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { Connections = 1, HandshakeGrace = TimeSpan.FromSeconds(1) });
        using var silent = new TcpClient("127.0.0.1", new Uri(pdp.Address).Port);
        Assert.That(await silent.GetStream().ReadAsync(new byte[1], TestContext.CurrentContext.CancellationToken), Is.Zero, "the server ends the connection");

        var next = new Health.HealthClient(pdp.ChannelOf("device"));
        await RunningPdp.Eventually(() => IsAnswered(next), isAnswered => isAnswered);
        Assert.That(new CallLimits().HandshakeGrace, Is.EqualTo(TimeSpan.FromSeconds(10)));
    }

    private static async Task<bool> IsAnswered(Health.HealthClient client)
    {
        try
        {
            await client.CheckAsync(new HealthCheckRequest());
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    [Test]
    public async Task A_watch_that_is_not_read_is_ended_with_its_connection_and_others_go_on()
    {
        await using RunningPdp pdp = await StartAsync(new CallLimits { ReaderGrace = TimeSpan.FromSeconds(2) });
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using AsyncServerStreamingCall<WatchResponse> watch = pdp.DecisionsAs("gateway").Watch(new WatchRequest(), cancellationToken: cancel);
        Assert.That(await watch.ResponseStream.MoveNext(cancel));

        await using StalledReader stalled = await StalledReader.WatchAsync(pdp, cancel);
        Assert.That(await stalled.EndedByServerAsync(cancel), Is.EqualTo("connection ended"));

        string commit = pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        Assert.That(await watch.ResponseStream.MoveNext(cancel));
        Assert.That(watch.ResponseStream.Current.Revision.CommitId, Is.EqualTo(commit));
    }

    private static async Task<HttpResponseMessage> PostEndless(HttpClient http, RunningPdp pdp, string path, string type, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, pdp.Address + path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new EndlessContent(type) };
        request.Headers.Add("te", "trailers");
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    private static async Task<RunningPdp> StartAsync(CallLimits limits, TimeProvider? clock = null)
    {
        RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        await pdp.StartServerAsync(pdp.Options() with { Callers = new() { Limits = limits } }, clock);
        return pdp;
    }

    /// <summary>A clock by which no time passes between two looks, so that no rate comes back; its timers run as real ones.</summary>
    private sealed class StoppedWatch : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }

    /// <summary>A body that begins and does not end before somebody ends the request.</summary>
    private sealed class EndlessContent : HttpContent
    {
        public EndlessContent(string type) => Headers.ContentType = new(type);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(new byte[] { 0, 0, 0, 1 }, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
