using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>An answer as it goes out. Immutable.</summary>
internal sealed class AnswerBytes
{
    /// <summary>What stands before a message: a flag that says whether it is compressed, and its length.</summary>
    public const int PrefixLength = 5;

    private AnswerBytes(byte[] frame) => Frame = frame;

    /// <summary>The message as it stands in a body of gRPC, not compressed, with its prefix.</summary>
    public ReadOnlyMemory<byte> Frame { get; }

    /// <summary>How many bytes the message has.</summary>
    public int Length => Frame.Length - PrefixLength;

    public static AnswerBytes Of(DecideResponse response)
    {
        byte[] frame = new byte[PrefixLength + response.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - PrefixLength);
        response.WriteTo(frame.AsSpan(PrefixLength));
        return new AnswerBytes(frame);
    }

    public void Write(SerializationContext context)
    {
        context.SetPayloadLength(Length);
        context.GetBufferWriter().Write(Frame.Span[PrefixLength..]);
        context.Complete();
    }
}
