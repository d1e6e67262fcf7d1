using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>`Decide` of what is not remembered: it is decided, and remembered by the bytes of the request. <see cref="RememberedAnswers"/> gives it from then on.</summary>
[BindServiceMethod(typeof(DecideBinding), nameof(DecideBinding.BindDecide))]
internal sealed class DecideEndpoint(DecisionEndpoint decisions, AnswerMemory memory, PdpMetrics metrics) : DecideBinding.DecideBase
{
    public override async Task<AnswerBytes> Decide(byte[] request, ServerCallContext context)
    {
        MadeAnswer made = await decisions.AnswerAsync(Read(request), context);
        var bytes = AnswerBytes.Of(made.Response);
        memory.Keep(request, made.Answered, bytes);
        metrics.Made();
        return bytes;
    }

    private static DecideRequest Read(byte[] request)
    {
        try
        {
            return DecideRequest.Parser.ParseFrom(request);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"the message is no DecideRequest: {fault.Message}"));
        }
    }
}
