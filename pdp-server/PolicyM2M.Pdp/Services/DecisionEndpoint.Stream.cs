using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>Many decisions over one call.</summary>
internal sealed partial class DecisionEndpoint
{
    public override async Task DecideStream(IAsyncStreamReader<DecideStreamRequest> requestStream, IServerStreamWriter<DecideStreamResponse> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            // One after the other: what a caller sends faster than it reads waits in its own connection.
            while (await requestStream.MoveNext(ending.Token))
            {
                access.Check(context);
                await responseStream.WriteAsync(await Answer(requestStream.Current, context), ending.Token);
            }
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the decision point is shutting down"));
        }
        catch (OperationCanceledException)
        {
            // The caller hung up, and nobody waits for an answer.
        }
    }

    private async Task<DecideStreamResponse> Answer(DecideStreamRequest item, ServerCallContext context)
    {
        try
        {
            RequestLimits.Check(item);
            if (context.GetHttpContext().Features.GetRequiredFeature<CallerLoad>().Charge(1) is { } overload)
            {
                metrics.Overloaded();
                throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{overload.Reason}; try again later"));
            }
            return new DecideStreamResponse { Correlation = item.Correlation, Response = await Decide(item.Request, context) };
        }
        catch (RpcException refusal) when (refusal.StatusCode is StatusCode.InvalidArgument or StatusCode.PermissionDenied or StatusCode.ResourceExhausted)
        {
            // What is wrong with one request is no reason to leave the others without an answer.
            return new DecideStreamResponse { Correlation = item.Correlation, Fault = new DecideFault { Code = (int)refusal.StatusCode, Message = refusal.Status.Detail } };
        }
    }
}
