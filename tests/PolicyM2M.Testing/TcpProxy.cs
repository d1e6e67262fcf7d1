using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace PolicyM2M.Testing;

/// <summary>A line between a client and a server on this machine that a test can cut, hold, or slow down. Safe for all threads.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, bool> _open = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;
    private int _accepted;
    private volatile bool _isSilent;
    private long _delayTicks;

    /// <summary>Begins to listen.</summary>
    /// <param name="target">The port of the server.</param>
    public TcpProxy(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _running = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>How many connections were made through it.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Whether it takes what is sent, and hands nothing on: a line that looks alive and is not. Connections that are open when this is set stay so for ever, also when it is unset.</summary>
    public bool IsSilent
    {
        get => _isSilent;
        set
        {
            _isSilent = value;
            if (!value)
                return;
            foreach (TcpClient client in _open.Keys)
                _open[client] = true;
        }
    }

    /// <summary>How long everything takes in each direction.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>Cuts every open connection, as a router that lost its memory does (RST).</summary>
    public void Reset()
    {
        foreach (TcpClient client in _open.Keys)
        {
            client.LingerState = new LingerOption(true, 0);
            client.Close();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        Reset();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_ending.Token);
            Interlocked.Increment(ref _accepted);
            _open[client] = _isSilent;
            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
            await Task.WhenAny(PumpAsync(client, client, server), PumpAsync(client, server, client));
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone: so is the line.
        }
        _open.TryRemove(client, out _);
        client.Dispose();
    }

    private async Task PumpAsync(TcpClient line, TcpClient from, TcpClient to)
    {
        byte[] buffer = new byte[16 << 10];
        NetworkStream source = from.GetStream(), sink = to.GetStream();
        for (int count; (count = await source.ReadAsync(buffer, _ending.Token)) > 0;)
        {
            if (_open.TryGetValue(line, out bool isSilent) && isSilent)
                continue;
            if (Delay > TimeSpan.Zero)
                await Task.Delay(Delay, _ending.Token);
            await sink.WriteAsync(buffer.AsMemory(0, count), _ending.Token);
        }
    }
}
