using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>
/// One connection of HTTP/2 (RFC 9113) that says one call over and over in bytes made beforehand, and of the answers reads only the frames' headers. A client of .NET uses twice the processor time of the server that it asks, and
/// on two processors its own queue is then what is measured; this uses a tenth.
/// </summary>
internal sealed class PacedConnection : IDisposable
{
    private const int FrameHeader = 9, Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8, EndStream = 1, EndHeaders = 4, Acknowledged = 1, MaxConcurrentStreams = 3, InitialWindowSize = 4;
    private const int Window = int.MaxValue;

    /// <summary>Settings by which the server never waits for this side's leave to send.</summary>
    private static readonly byte[] Preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [0, InitialWindowSize, .. Big(Window)]), .. Frame(WindowUpdate, 0, 0, Big(Window - 65_535))];

    private readonly Socket _socket;
    private readonly SslStream _stream;
    private readonly byte[] _head;
    private readonly object _writing = new(), _ending = new();

    /// <summary>What each call on its way is numbered, by its stream's number halved: streams of a client are odd.</summary>
    private readonly Dictionary<int, (int Call, long Due)> _underWay = [];
    private readonly HashSet<int> _answered = [];
    private int _streams, _allowed = int.MaxValue, _read;
    private float[] _latencies = [];
    private readonly ManualResetEvent _failed = new(false);
    private Exception? _fault;

    /// <summary>Connects, and shows the development device's certificate.</summary>
    public PacedConnection(Uri address, string pki)
    {
        SocketsHttpHandler handler = LoadClient.Handler(pki);
        SslClientAuthenticationOptions options = handler.SslOptions;
        options.TargetHost = address.Host;
        options.ApplicationProtocols = [SslApplicationProtocol.Http2];
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(address.Host, address.Port);
        _stream = new SslStream(new NetworkStream(_socket, ownsSocket: true));
        _stream.AuthenticateAsClient(options);
        if (_stream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
            throw new AuthenticationException("the server does not speak HTTP/2");
        _head = HeaderBlock(address.Authority);
        _stream.Write(Preface);
        new Thread(Read) { IsBackground = true, Name = "answers" }.Start();
    }

    /// <summary>Sends calls when they are due, whether or not those before are answered, but never more at one time than the server, and the caller, allow. Returns when all are answered.</summary>
    /// <param name="frames">What to send, in turn.</param>
    /// <param name="calls">The numbers of the calls.</param>
    /// <param name="due">When a call is due, as a timestamp of <see cref="Stopwatch"/>; null is at once.</param>
    /// <param name="atOnce">The most at one time.</param>
    /// <param name="microseconds">Where it is written how long each took from when it was due.</param>
    /// <exception cref="InvalidOperationException">A call was not answered with a message, or the connection broke.</exception>
    public void Run(IReadOnlyList<byte[]> frames, IEnumerable<int> calls, Func<int, long>? due, int atOnce, float[] microseconds)
    {
        using var batch = new MemoryStream();
        _latencies = microseconds;
        foreach (int call in calls)
        {
            long at = due?.Invoke(call) ?? 0;
            while (at > Stopwatch.GetTimestamp())
            {
                Send(batch);
                _failed.WaitOne(1);
            }
            int stream = Begin(call, at, atOnce, batch);
            byte[] frame = frames[call % frames.Count];
            WriteFrame(batch, Headers, EndHeaders, stream, _head);
            WriteFrame(batch, Data, EndStream, stream, frame);
        }
        Send(batch);
        lock (_ending)
        {
            while (_underWay.Count > 0 && _fault is null)
                Monitor.Wait(_ending);
            ThrowIfFailed();
        }
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>Waits until another call may be under way, and numbers its stream.</summary>
    private int Begin(int call, long due, int atOnce, MemoryStream batch)
    {
        // Not while the reader is kept out: the server may wait for that, and this for the server.
        if (IsFull())
            Send(batch);
        lock (_ending)
        {
            while (_underWay.Count >= Math.Min(_allowed, atOnce) && _fault is null)
                Monitor.Wait(_ending);
            ThrowIfFailed();
            int stream = (_streams++ << 1) + 1;
            _underWay[stream] = (call, due == 0 ? Stopwatch.GetTimestamp() : due);
            return stream;
        }

        bool IsFull()
        {
            lock (_ending)
                return _underWay.Count >= Math.Min(_allowed, atOnce);
        }
    }

    private void Send(MemoryStream batch)
    {
        if (batch.Length == 0)
            return;
        lock (_writing)
            _stream.Write(batch.GetBuffer().AsSpan(0, (int)batch.Length));
        batch.SetLength(0);
    }

    private void Read()
    {
        byte[] bytes = new byte[1 << 17];
        int length = 0;
        try
        {
            while (_stream.Read(bytes, length, bytes.Length - length) is > 0 and var read)
            {
                length += read;
                int at = 0;
                long now = Stopwatch.GetTimestamp();
                lock (_ending)
                {
                    while (length - at >= FrameHeader && FrameHeader + (bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2]) is var whole && whole <= length - at)
                    {
                        Take(bytes[at + 3], bytes[at + 4], BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 5)), bytes.AsSpan(at + FrameHeader, whole - FrameHeader), now);
                        at += whole;
                    }
                    Monitor.Pulse(_ending);
                }
                bytes.AsSpan(at, length - at).CopyTo(bytes);
                length -= at;
            }
            Fail(new InvalidOperationException("the server ended the connection"));
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Fail(fault);
        }
    }

    private void Take(int type, int flags, int stream, ReadOnlySpan<byte> payload, long now)
    {
        switch (type)
        {
            case Data when payload.Length > 0:
                _answered.Add(stream);
                if ((_read += payload.Length) >= Window / 2)
                {
                    Answer(Frame(WindowUpdate, 0, 0, Big(_read)));
                    _read = 0;
                }
                break;
            case Headers when (flags & EndStream) != 0:
                // A unary call that fails has a status and no message.
                if (!_answered.Remove(stream) || !_underWay.Remove(stream, out (int Call, long Due) ended))
                    throw new InvalidOperationException("a call was not answered");
                _latencies[ended.Call] = (float)Stopwatch.GetElapsedTime(ended.Due, now).TotalMicroseconds;
                break;
            case Reset or GoAway:
                throw new InvalidOperationException($"the server ended a call or the connection (frame {type})");
            case Settings when (flags & Acknowledged) == 0:
                for (int at = 0; at + 6 <= payload.Length; at += 6)
                {
                    if (BinaryPrimitives.ReadUInt16BigEndian(payload[at..]) == MaxConcurrentStreams)
                        _allowed = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32BigEndian(payload[(at + 2)..]));
                }
                Answer(Frame(Settings, Acknowledged, 0, []));
                break;
            case Ping when (flags & Acknowledged) == 0:
                Answer(Frame(Ping, Acknowledged, 0, payload));
                break;
        }
    }

    private void Answer(byte[] frame)
    {
        // From a thread of its own: whoever writes may wait for the server, and the server for this reader.
        new Thread(() =>
        {
            try
            {
                lock (_writing)
                    _stream.Write(frame);
            }
            catch (Exception fault) when (fault is IOException or ObjectDisposedException)
            {
                Fail(fault);
            }
        })
        { IsBackground = true }.Start();
    }

    private void Fail(Exception fault)
    {
        lock (_ending)
        {
            _fault = fault;
            Monitor.PulseAll(_ending);
            _failed.Set();
        }
    }

    private void ThrowIfFailed()
    {
        if (_fault is not null)
            throw new InvalidOperationException(_fault.Message, _fault);
    }

    /// <summary>Fields as literals that no table remembers, so that the same bytes serve each call (RFC 7541 §6.2.2); the method and the scheme are in the static table.</summary>
    private static byte[] HeaderBlock(string authority)
    {
        using var block = new MemoryStream();
        block.Write([0x83, 0x87]);
        foreach ((string name, string value) in (IEnumerable<(string, string)>)[(":path", "/policym2m.v1.DecisionService/Decide"), (":authority", authority), ("content-type", "application/grpc"), ("te", "trailers")])
            block.Write([0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)]);
        return block.ToArray();
    }

    private static byte[] Frame(int type, int flags, int stream, ReadOnlySpan<byte> payload)
    {
        using var frame = new MemoryStream();
        WriteFrame(frame, type, flags, stream, payload);
        return frame.ToArray();
    }

    private static void WriteFrame(MemoryStream to, int type, int flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[FrameHeader];
        BinaryPrimitives.WriteInt32BigEndian(header, payload.Length << 8);
        header[3] = (byte)type;
        header[4] = (byte)flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        to.Write(header);
        to.Write(payload);
    }

    private static byte[] Big(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
