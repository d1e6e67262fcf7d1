using System.Collections.Immutable;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>The decision point's own service, for programs of this machine: each asks about the devices that the caller rules give it.</summary>
internal sealed class LocalEndpoint(Gateway gateway, CallerRules rules) : DecisionService.DecisionServiceBase
{
    public override async Task<DecideResponse> Decide(DecideRequest request, ServerCallContext context)
    {
        LocalLimits.Check(request);
        string device = Subject(request.DeviceId, context);
        DeviceContext claims = DeviceContext.Of(request.Attributes.Select(claim => KeyValuePair.Create(claim.Key, WireMapping.FromWire(claim.Value))));
        ImmutableArray<Engine.Vocabulary.DecisionKind> kinds = request.Kinds.Count == 0 ? [.. DecisionKinds.All] : [.. request.Kinds.Select(WireMapping.FromWire)];
        ImmutableArray<DeviceDecision> decisions = await gateway.DecideAsync(device, claims, kinds, context.CancellationToken);
        return LocalAnswer.Plain(decisions);
    }

    public override async Task DecideStream(IAsyncStreamReader<DecideStreamRequest> requestStream, IServerStreamWriter<DecideStreamResponse> responseStream, ServerCallContext context)
    {
        // One after the other: what a caller sends faster than it reads waits in its own connection.
        while (await requestStream.MoveNext(context.CancellationToken))
            await responseStream.WriteAsync(await AnswerAsync(requestStream.Current, context), context.CancellationToken);
    }

    private async Task<DecideStreamResponse> AnswerAsync(DecideStreamRequest item, ServerCallContext context)
    {
        try
        {
            LocalLimits.Check(item);
            return new DecideStreamResponse { Correlation = item.Correlation, Response = await Decide(item.Request, context) };
        }
        catch (RpcException refusal)
        {
            // What is wrong with one request is no reason to leave the others without an answer.
            return new DecideStreamResponse { Correlation = item.Correlation, Fault = new DecideFault { Code = (int)refusal.StatusCode, Message = refusal.Status.Detail } };
        }
    }

    /// <summary>The device in question, about which the caller may ask.</summary>
    private string Subject(string requested, ServerCallContext context)
    {
        Peer peer = context.GetHttpContext().Features.GetRequiredFeature<Peer>();
        string device = requested.Length == 0 ? gateway.Name : requested;
        return rules.MayAskAbout(peer, device)
            ? device
            : throw new RpcException(new Grpc.Core.Status(StatusCode.PermissionDenied, $"user {peer.User} may not ask this agent about {Printable.Text(device)}; its configuration says who may (callers)"));
    }
}
