using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>Many decisions over one call.</summary>
internal sealed partial class DecisionEndpoint
{
    /// <summary>How long a stream is not read after a message beyond the rate: long enough that a hundred streams which only wait for this cost no more than a few calls.</summary>
    private static readonly TimeSpan AfterOverload = TimeSpan.FromSeconds(1);

    public override async Task DecideStream(IAsyncStreamReader<DecideStreamRequest> requestStream, IServerStreamWriter<DecideStreamResponse> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        CallerLoad load = context.GetHttpContext().Features.GetRequiredFeature<CallerLoad>();
        try
        {
            // One after the other: what a caller sends faster than it reads waits in its own connection.
            while (await requestStream.MoveNext(ending.Token))
            {
                access.Check(context);
                DecideStreamRequest item = requestStream.Current;
                if (load.Charge(1) is not { } overload)
                {
                    await responseStream.WriteAsync(await Answer(item, context), ending.Token);
                    continue;
                }
                overloads.Turned(context.GetHttpContext().Caller(), overload.Reason);
                await responseStream.WriteAsync(Fault(item, new Status(StatusCode.ResourceExhausted, $"{overload.Reason}; try again later")), ending.Token);
                // To be turned away must not be cheaper than to be answered: what follows waits unread.
                await Task.Delay(AfterOverload, clock, ending.Token);
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
            return new DecideStreamResponse { Correlation = item.Correlation, Response = await Decide(item.Request, context) };
        }
        catch (RpcException refusal) when (refusal.StatusCode is StatusCode.InvalidArgument or StatusCode.PermissionDenied)
        {
            // What is wrong with one request is no reason to leave the others without an answer.
            return Fault(item, refusal.Status);
        }
    }

    private static DecideStreamResponse Fault(DecideStreamRequest item, Status status) =>
        new() { Correlation = item.Correlation, Fault = new DecideFault { Code = (int)status.StatusCode, Message = status.Detail } };
}
