using Grpc.Core;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>Many decisions over one call.</summary>
internal sealed partial class DecisionEndpoint
{
    public override async Task DecideStream(IAsyncStreamReader<DecideStreamRequest> requestStream, IServerStreamWriter<DecideStreamResponse> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        CallerLoad load = context.GetHttpContext().CallerConnection().Load;
        try
        {
            // One after the other: what a caller sends faster than it reads waits in its own connection.
            while (await requestStream.MoveNext(ending.Token))
            {
                access.Check(context);
                DecideStreamRequest item = requestStream.Current;
                if (loads.Begin(load, isStream: false) is not { } overload)
                {
                    DecideStreamResponse answer;
                    try
                    {
                        answer = await Answer(item, context);
                    }
                    finally
                    {
                        loads.End(load, isStream: false);
                    }
                    await responseStream.WriteAsync(answer, context, ending.Token);
                    continue;
                }
                overloads.Turned(context.GetHttpContext().Caller(), overload.Reason);
                await responseStream.WriteAsync(Fault(item, new Status(StatusCode.ResourceExhausted, $"{overload.Reason}; try again later")), context, ending.Token);
                // To be turned away must not be cheaper than to be answered: what follows waits unread.
                await Task.Delay(CallLimits.AfterOverload, clock, ending.Token);
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
        catch (RpcException refusal) when (refusal is SiteUnknownException || refusal.StatusCode is StatusCode.InvalidArgument or StatusCode.PermissionDenied)
        {
            // What is wrong with one request is no reason to leave the others without an answer.
            return Fault(item, refusal.Status);
        }
    }

    private static DecideStreamResponse Fault(DecideStreamRequest item, Status status) =>
        new() { Correlation = item.Correlation, Fault = new DecideFault { Code = (int)status.StatusCode, Message = status.Detail } };
}
