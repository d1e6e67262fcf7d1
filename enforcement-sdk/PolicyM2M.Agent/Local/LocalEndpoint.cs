using System.Collections.Immutable;
using Grpc.Core;
using PolicyM2M.Agent.Local.Protocol;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>The decision point's own service, for programs of this machine: each asks about the devices that the caller rules give it.</summary>
/// <param name="gateway">Where answers come from.</param>
/// <param name="rules">Who may ask about what.</param>
/// <param name="seen">Which policies are served.</param>
/// <param name="ending">The daemon ends: then nobody waits for news any more.</param>
internal sealed partial class LocalEndpoint(Gateway gateway, CallerRules rules, Sightings seen, CancellationToken ending) : DecisionService.DecisionServiceBase
{
    public override async Task<DecideResponse> Decide(DecideRequest request, ServerCallContext context)
    {
        RequestLimits.Check(request);
        string device = Subject(request.DeviceId, context);
        DeviceContext claims = DeviceContext.Of(request.Attributes.Select(claim => KeyValuePair.Create(claim.Key, WireMapping.FromWire(claim.Value))));
        ImmutableArray<Engine.Vocabulary.DecisionKind> kinds = request.Kinds.Count == 0 ? [.. DecisionKinds.All] : [.. request.Kinds.Select(WireMapping.FromWire)];
        ImmutableArray<DeviceDecision> decisions = await gateway.DecideAsync(device, claims, kinds, context.CancellationToken);
        ImmutableArray<string> needed = await gateway.NeededAsync();
        return request.Form == DecisionForm.Signed ? LocalAnswer.Signed(decisions, needed, request.KnownStatement) : LocalAnswer.Plain(decisions, needed);
    }

    public override async Task DecideStream(IAsyncStreamReader<DecideStreamRequest> requestStream, IServerStreamWriter<DecideStreamResponse> responseStream, ServerCallContext context)
    {
        using CancellationTokenSource either = Ending(context);
        try
        {
            // One after the other: what a caller sends faster than it reads waits in its own connection.
            while (await requestStream.MoveNext(either.Token))
                await responseStream.WriteAsync(await AnswerAsync(requestStream.Current, context), either.Token);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw IsEnding;
        }
    }

    private async Task<DecideStreamResponse> AnswerAsync(DecideStreamRequest item, ServerCallContext context)
    {
        try
        {
            RequestLimits.Check(item);
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
        Peer peer = PeerOf(context);
        string device = requested.Length == 0 ? gateway.Name : requested;
        return rules.MayAskAbout(peer, device)
            ? device
            : throw new RpcException(new Grpc.Core.Status(StatusCode.PermissionDenied, $"user {peer.User} may not ask this agent about {Printable.Text(device)}; its configuration says who may (callers)"));
    }

    private static Peer PeerOf(ServerCallContext context) => ((LocalCall)context).Caller;

    private CancellationTokenSource Ending(ServerCallContext context) => CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, ending);

    private static RpcException IsEnding => new(new Grpc.Core.Status(StatusCode.Unavailable, "the agent is ending"));
}
