using System.Net;
using System.Net.Sockets;
using MQTTnet;
using MQTTnet.Channel;
using PolicyM2M.Enforcement.Tls;

namespace PolicyM2M.Enforcement.Mqtt;

/// <summary>
/// The connections of one MQTTnet client, all of them what was decided. MQTTnet's own TLS offers no look at what was negotiated, so it is left out: MQTTnet is given streams that are
/// verified TLS already, for the first connection and for each after it.
/// </summary>
public sealed class EnforcedMqtt : IMqttClientStreamProvider
{
    private readonly TlsEnforcer _enforcer;
    private volatile EnforcedConnection? _connection;

    /// <summary>Connections of this enforcer.</summary>
    public EnforcedMqtt(TlsEnforcer enforcer)
    {
        ArgumentNullException.ThrowIfNull(enforcer);
        _enforcer = enforcer;
    }

    /// <summary>The newest connection: what was negotiated, what the device may do, and when it ends. Null before the first.</summary>
    public EnforcedConnection? Connection => _connection;

    /// <summary>
    /// Makes a client's options use these connections. Its TLS options are not used, and its server's port must be named: without them
    /// MQTTnet takes the port of MQTT without TLS.
    /// </summary>
    /// <param name="options">The options, for TCP; they are changed.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="ArgumentException">The options are for another transport, such as WebSocket.</exception>
    public MqttClientOptions Enforce(MqttClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.ChannelOptions is not MqttClientTcpOptions tcp)
            throw new ArgumentException("only connections over TCP can be enforced", nameof(options));
        tcp.TlsOptions = new MqttClientTlsOptions { UseTls = false };
        tcp.StreamProvider = this;
        return options;
    }

    /// <inheritdoc/>
    /// <exception cref="EnforcementException">The connection may not be.</exception>
    public async Task<Stream> ConnectAsync(EndPoint brokerEndPoint, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(brokerEndPoint);
        string host = brokerEndPoint switch
        {
            DnsEndPoint dns => dns.Host,
            IPEndPoint ip => ip.Address.ToString(),
            _ => throw new ArgumentException($"{brokerEndPoint} is no endpoint of TCP", nameof(brokerEndPoint)),
        };
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(brokerEndPoint, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        EnforcedConnection connection = await _enforcer.ConnectAsync(new NetworkStream(socket, ownsSocket: true), host, cancellationToken).ConfigureAwait(false);
        _connection = connection;
        return connection.Stream;
    }
}
