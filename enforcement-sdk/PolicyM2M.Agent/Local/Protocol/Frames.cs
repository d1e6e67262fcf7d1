using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;
using PolicyM2M.Wire;

namespace PolicyM2M.Agent.Local.Protocol;

/// <summary>Messages of gRPC on a stream of HTTP/2: a byte that says whether it is compressed, four with the length, and the message (gRPC over HTTP2, "Length-Prefixed-Message").</summary>
internal static class Frames
{
    private const int HeaderBytes = 5;

    /// <summary>The next message; false at the end of the stream.</summary>
    /// <exception cref="RpcException">It is too long, compressed, or cut short.</exception>
    public static async ValueTask<(bool IsThere, T Message)> ReadAsync<T>(PipeReader body, Marshaller<T> marshaller, CancellationToken ending)
    {
        while (true)
        {
            ReadResult read = await body.ReadAsync(ending);
            if (TryTake(read.Buffer, out ReadOnlySequence<byte> payload))
            {
                T message = Parse(marshaller, payload);
                body.AdvanceTo(payload.End);
                return (true, message);
            }
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
                return read.Buffer.IsEmpty ? (false, default!) : throw Refused(StatusCode.Internal, "a message is cut short");
        }
    }

    /// <summary>Writes a message.</summary>
    public static async ValueTask WriteAsync<T>(PipeWriter body, Marshaller<T> marshaller, T message, CancellationToken ending)
    {
        var payload = new Payload();
        marshaller.ContextualSerializer(message, payload);
        BinaryPrimitives.WriteUInt32BigEndian(body.GetSpan(HeaderBytes)[1..], (uint)payload.Bytes.Length);
        body.GetSpan(HeaderBytes)[0] = 0;
        body.Advance(HeaderBytes);
        body.Write(payload.Bytes.Span);
        await body.FlushAsync(ending);
    }

    private static bool TryTake(ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < HeaderBytes)
            return false;
        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (header[0] != 0)
            throw Refused(StatusCode.Unimplemented, "compressed messages are not taken: nothing leaves the machine");
        if (length > RequestLimits.MaximumMessageBytes)
            throw Refused(StatusCode.ResourceExhausted, $"a message has {length} bytes, and at most {RequestLimits.MaximumMessageBytes} are taken");
        if (buffer.Length < HeaderBytes + length)
            return false;
        payload = buffer.Slice(HeaderBytes, length);
        return true;
    }

    private static T Parse<T>(Marshaller<T> marshaller, ReadOnlySequence<byte> payload)
    {
        try
        {
            return marshaller.ContextualDeserializer(new Received(payload));
        }
        catch (Google.Protobuf.InvalidProtocolBufferException malformed)
        {
            throw Refused(StatusCode.InvalidArgument, $"the message is malformed: {malformed.Message}");
        }
    }

    private static RpcException Refused(StatusCode code, string reason) => new(new Grpc.Core.Status(code, reason));

    private sealed class Received(ReadOnlySequence<byte> payload) : DeserializationContext
    {
        public override int PayloadLength => (int)payload.Length;

        public override byte[] PayloadAsNewBuffer() => payload.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => payload;
    }

    private sealed class Payload : SerializationContext
    {
        private readonly ArrayBufferWriter<byte> _written = new();
        private ReadOnlyMemory<byte>? _whole;

        public ReadOnlyMemory<byte> Bytes => _whole ?? _written.WrittenMemory;

        public override void Complete(byte[] payload) => _whole = payload;

        public override IBufferWriter<byte> GetBufferWriter() => _written;

        public override void SetPayloadLength(int payloadLength)
        {
            // The buffer grows by itself.
        }

        public override void Complete()
        {
            // What was written is the whole.
        }
    }
}
