using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>An answer as it goes out. Immutable.</summary>
internal sealed class AnswerBytes(byte[] bytes)
{
    public int Length => bytes.Length;

    public static AnswerBytes Of(DecideResponse response) => new(response.ToByteArray());

    public void Write(SerializationContext context)
    {
        context.SetPayloadLength(bytes.Length);
        context.GetBufferWriter().Write(bytes);
        context.Complete();
    }
}
