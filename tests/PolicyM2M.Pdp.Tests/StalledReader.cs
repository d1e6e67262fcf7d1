using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PolicyM2M.Pdp.Tests;

/// <summary>
/// A caller that opens a Watch and takes nothing of it: HTTP/2 by hand (RFC 9113), with a window of no bytes, and alive in all else. A gRPC library always reads.
/// </summary>
internal sealed class StalledReader : IAsyncDisposable
{
    private const byte Data = 0, Headers = 1, ResetStream = 3, Settings = 4, Ping = 6, GoAway = 7;
    private const byte EndStream = 1, Acknowledge = 1, EndHeaders = 4;
    private const int HeaderLength = 9;

    private readonly TcpClient _tcp;
    private readonly SslStream _tls;

    private StalledReader(TcpClient tcp, SslStream tls) => (_tcp, _tls) = (tcp, tls);

    public static async Task<StalledReader> WatchAsync(RunningPdp pdp, CancellationToken cancel)
    {
        var address = new Uri(pdp.Address);
        var tcp = new TcpClient();
        await tcp.ConnectAsync(address.Host, address.Port, cancel);
        var tls = new SslStream(tcp.GetStream());
        var reader = new StalledReader(tcp, tls);
        using X509Certificate2 device = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("device"), pdp.Data.Key("device"));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(pdp.Data.Certificate("ca"));
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = address.Host,
            ClientCertificates = [device],
            CertificateChainPolicy = trust,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        };
        await tls.AuthenticateAsClientAsync(options, cancel);

        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), cancel);
        // SETTINGS_INITIAL_WINDOW_SIZE (4) is 0.
        await reader.SendAsync(Settings, 0, 0, [0, 4, 0, 0, 0, 0], cancel);
        byte[] headers =
        [
            .. Field(":method", "POST"), .. Field(":scheme", "https"), .. Field(":path", "/policym2m.v1.DecisionService/Watch"), .. Field(":authority", address.Authority),
            .. Field("content-type", "application/grpc"), .. Field("te", "trailers"),
        ];
        await reader.SendAsync(Headers, EndHeaders, 1, headers, cancel);
        // One empty message.
        await reader.SendAsync(Data, EndStream, 1, [0, 0, 0, 0, 0], cancel);
        return reader;
    }

    /// <summary>Waits until the server ends the stream or the connection, and says how; answers the rest as a living peer does.</summary>
    public async Task<string> EndedByServerAsync(CancellationToken cancel)
    {
        byte[] header = new byte[HeaderLength];
        try
        {
            while (true)
            {
                await _tls.ReadExactlyAsync(header, cancel);
                byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >> 8];
                await _tls.ReadExactlyAsync(payload, cancel);
                (byte type, byte flags) = (header[3], header[4]);
                if (type == Data)
                    return "data, which no window was there for";
                if (type == ResetStream)
                    return "stream reset";
                if (type == GoAway)
                    return "connection ended";
                if (type is Settings or Ping && flags != Acknowledge)
                    await SendAsync(type, Acknowledge, 0, type == Ping ? payload : [], cancel);
            }
        }
        catch (IOException)
        {
            return "connection ended";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _tls.DisposeAsync();
        _tcp.Dispose();
    }

    /// <summary>A field without compression (RFC 7541, section 6.2.2: literal, not indexed, a new name).</summary>
    private static byte[] Field(string name, string value) => [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private async Task SendAsync(byte type, byte flags, int stream, byte[] payload, CancellationToken cancel)
    {
        byte[] frame = new byte[HeaderLength + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, HeaderLength);
        await _tls.WriteAsync(frame, cancel);
    }
}
