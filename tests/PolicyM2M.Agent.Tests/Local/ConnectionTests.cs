using System.Net.Sockets;
using Grpc.Core;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Local.Protocol;
using PolicyM2M.Agent.Status;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>Connections that say nothing, and connections that are one too many.</summary>
[CancelAfter(120_000)]
internal sealed class ConnectionTests
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    private readonly List<Socket> _sockets = [];
    private GatewayFolder _folder = null!;
    private Gateway? _gateway;
    private LocalServer? _server;
    private StringWriter _log = null!;

    [SetUp]
    public void Begin() => (_folder, _log) = (new GatewayFolder(), new StringWriter());

    [TearDown]
    public async Task End()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _sockets.Clear();
        if (_server is not null)
            await _server.DisposeAsync();
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        (_server, _gateway) = (null, null);
        _folder.Dispose();
        await _log.DisposeAsync();
    }

    [Test]
    public async Task A_connection_that_asks_nothing_ends_and_one_that_asked_stays(CancellationToken cancellation)
    {
        await StartAsync(new ConnectionLimits(8, 4, TimeSpan.FromMilliseconds(300)));
        using LocalClient client = new(_folder.Socket);
        using AsyncServerStreamingCall<WatchResponse> watch = client.Service.Watch(new WatchRequest(), cancellationToken: cancellation);
        Task<bool> news = watch.ResponseStream.MoveNext(cancellation);
        foreach (string words in new[] { "", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\n" })
        {
            Socket socket = await ConnectAsync(cancellation);
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(words), cancellation);
            await EndAsync(socket, cancellation);
        }
        Assert.That(news.IsCompleted, Is.False, "who waits for news says nothing either");
        Assert.That(await StatusAsync(), Does.Contain("2 connections to the socket; since the start refused: 0, ended because nothing was asked: 2\n"), "the third was no HTTP/2 and ended at once");
    }

    [Test]
    public async Task A_connection_that_is_one_too_many_is_told_so_and_others_stay(CancellationToken cancellation)
    {
        await StartAsync(new ConnectionLimits(8, 2, Never));
        LocalClient[] holding = [new(_folder.Socket), new(_folder.Socket)];
        List<Task<bool>> news = [];
        foreach (LocalClient client in holding)
        {
            AsyncServerStreamingCall<WatchResponse> watch = client.Service.Watch(new WatchRequest(), cancellationToken: cancellation);
            news.Add(watch.ResponseStream.MoveNext(cancellation));
            while (_server!.Use.Open < news.Count)
                await Task.Delay(20, cancellation);
        }
        for (int i = 0; i < 3; i++)
        {
            using LocalClient refused = new(_folder.Socket);
            await Assert.ThatAsync(async () => await refused.Service.DecideAsync(new DecideRequest(), cancellationToken: cancellation),
                Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.ResourceExhausted));
        }
        Assert.That(() => StatusAsync(), Throws.TypeOf<CannotRunException>().With.Message.Contains("takes no more connections of this user"));
        Assert.That(_log.ToString(), Is.EqualTo($"connections-refused: too many connections: user {SystemAccounts.Own()} holds 2 of them, and 6 are left for all users\n"), "once");
        Assert.That(news.Count(end => end.IsCompleted), Is.Zero, "whoever is in stays in");
        holding[0].Dispose();
        (string? status, _) = await AskAsync();
        while (status is null)
        {
            await Task.Delay(20, cancellation);
            (status, _) = await AskAsync();
        }
        Assert.That(status, Does.Match(@"(?m)^2 connections to the socket; since the start refused: \d+, ended because nothing was asked: 0$"));
        holding[1].Dispose();
    }

    [Test]
    public async Task The_status_can_be_had_while_connections_of_the_same_user_that_ask_nothing_hold_all_that_it_may(CancellationToken cancellation)
    {
        await StartAsync(new ConnectionLimits(8, 2, Never));
        Task[] ends = [EndAsync(await ConnectAsync(cancellation), cancellation), EndAsync(await ConnectAsync(cancellation), cancellation)];
        while (_server!.Use.Open < 2)
            await Task.Delay(20, cancellation);
        Assert.That(await StatusAsync(), Does.Match(@"(?m)^2 connections to the socket; since the start refused: 0, ended because nothing was asked: 1$"));
        await ends[0].WaitAsync(cancellation);
        Assert.That(ends[1].IsCompleted, Is.False, "one makes way, and that is the one that has been silent for longest");
    }

    [Test]
    public async Task Whom_no_rule_names_is_told_so_and_does_not_believe_that_nobody_is_there(CancellationToken cancellation)
    {
        // Root is let in whomever the rules name, and tests may run as root: so the server here has only the words that others hear.
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_folder.Socket));
        listener.Listen();
        Task serving = RefuseAsync();
        (_, string? fault) = await AskAsync();
        Assert.That(fault, Is.EqualTo($"the agent answers on `{_folder.Socket}`, and not to this user: its configuration says who may ask (callers)"));
        listener.Dispose();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        async Task RefuseAsync()
        {
            while (true)
            {
                Socket peer = await listener.AcceptAsync(cancellation);
                _sockets.Add(peer);
                await peer.ReceiveAsync(new byte[1_024], cancellation);
                await peer.SendAsync(Farewell.Words(new Refusal(RefusalCode.NotNamed, "no rule")), cancellation);
            }
        }
    }

    [Test]
    public void Where_no_socket_can_be_made_the_agent_says_so()
    {
        Directory.Delete(Path.GetDirectoryName(_folder.Socket)!);
        Assert.That(() => StartAsync(new ConnectionLimits(8, 4, Never)), Throws.TypeOf<CannotRunException>().With.Message.StartsWith($"nobody can listen on {_folder.Socket}: "));
    }

    private async Task StartAsync(ConnectionLimits limits)
    {
        AgentConfiguration configuration = ConfigurationFile.Read(_folder.Configuration);
        _gateway = Gateway.Connect(Daemon.Options(configuration, TimeProvider.System), new OwnClaims(configuration.Claims));
        var seen = new Sightings(new AgentStatus { Pdp = configuration.Pdp, StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, _log);
        var rules = new CallerRules([new CallerRule(SystemAccounts.Own(), null, IsSelf: true, IsAll: false, [])], _gateway.Name, owner: uint.MaxValue);
        _server = await LocalServer.StartAsync(configuration.Socket, _gateway, rules, seen, limits, default);
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _sockets.Add(socket);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_folder.Socket), cancellation);
        return socket;
    }

    /// <summary>Completes when the server has ended the connection, whatever it says before.</summary>
    private static async Task EndAsync(Socket socket, CancellationToken cancellation)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[256], cancellation) > 0)
            {
                // Its settings, and why it ends.
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // It is closed.
        }
    }

    private async Task<string> StatusAsync()
    {
        using var output = new StringWriter();
        await StatusCommand.RunAsync(_folder.Socket, isJson: false, output, default);
        return output.ToString();
    }

    private async Task<(string? Status, string? Fault)> AskAsync()
    {
        try
        {
            return (await StatusAsync(), null);
        }
        catch (CannotRunException fault)
        {
            return (null, fault.Message);
        }
    }
}
