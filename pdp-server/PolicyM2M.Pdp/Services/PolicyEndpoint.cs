using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Wire.V1;
using Diagnostic = PolicyM2M.Compiler.Diagnostics.Diagnostic;

namespace PolicyM2M.Pdp.Services;

/// <summary>What operators ask.</summary>
internal sealed class PolicyEndpoint(RevisionState revisions, RevisionSource source, Rollout rollout, AuditTrail audit, TimeProvider clock, ILogger<PolicyEndpoint> log) : PolicyService.PolicyServiceBase
{
    public override Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        RevisionStatus status = revisions.Current;
        return Task.FromResult(new GetStatusResponse
        {
            Active = status.Answering(status.Active).ToWire(),
            ActivatedAt = status.Active.ActivatedAt.ToTimestamp(),
            Repository = source.Repository,
            Ref = source.Ref,
            Path = source.Folder,
            Refused = status.Refused is null ? null : ToWire(status.Refused),
            LastPolledAt = status.LastPolledAt.ToTimestamp(),
            Policies = { status.Active.Bundle.Policies },
            Rollout = RolloutMapping.ToWire(status, rollout),
        });
    }

    public override Task<ListRevisionsResponse> ListRevisions(ListRevisionsRequest request, ServerCallContext context)
    {
        RevisionStatus status = revisions.Current;
        return Task.FromResult(new ListRevisionsResponse { State = RolloutMapping.ToWire(status, rollout), Past = { status.Past.Select(RolloutMapping.ToWire) } });
    }

    public override Task<GetDifferencesResponse> GetDifferences(GetDifferencesRequest request, ServerCallContext context) => Task.FromResult(RolloutMapping.Differences(revisions.Current));

    public override Task<PromoteResponse> Promote(PromoteRequest request, ServerCallContext context)
    {
        string commit = RolloutRequests.Commit(request.CommitId);
        return Task.FromResult(new PromoteResponse { State = Take(context, request.ExpectedActive, "promote", status => RolloutRules.Promote(status, commit, clock.GetUtcNow())) });
    }

    public override Task<RollBackResponse> RollBack(RollBackRequest request, ServerCallContext context)
    {
        string expected = RolloutRequests.Expected(request.ExpectedActive), commit = RolloutRequests.Commit(request.CommitId);
        return Task.FromResult(new RollBackResponse { State = Answer(context, "roll back", rollout.RollBack(expected, commit, PinOf(context, request.Reason))) });
    }

    public override Task<PinResponse> Pin(PinRequest request, ServerCallContext context)
    {
        Pin pin = PinOf(context, request.Reason);
        return Task.FromResult(new PinResponse { State = Take(context, request.ExpectedActive, "pin", status => new RolloutStep.To(status with { Pin = pin })) });
    }

    public override Task<UnpinResponse> Unpin(UnpinRequest request, ServerCallContext context) =>
        Task.FromResult(new UnpinResponse { State = Take(context, request.ExpectedActive, "unpin", status => RolloutRules.Unpin(status, rollout.Entry, clock.GetUtcNow())) });

    public override Task<SetStageResponse> SetStage(SetStageRequest request, ServerCallContext context)
    {
        string commit = RolloutRequests.Commit(request.CommitId);
        Rollouts.RolloutStage stage = RolloutRequests.Stage(request);
        return Task.FromResult(new SetStageResponse { State = Take(context, request.ExpectedActive, $"set the stage {stage}", status => RolloutRules.SetStage(status, commit, stage, clock.GetUtcNow())) });
    }

    public override Task<AcceptHistoryResponse> AcceptHistory(AcceptHistoryRequest request, ServerCallContext context)
    {
        string commit = RolloutRequests.NamedCommit(request.CommitId);
        return Task.FromResult(new AcceptHistoryResponse { State = Take(context, request.ExpectedActive, "accept a history", status => RolloutRules.AcceptHistory(status, commit)) });
    }

    /// <summary>Takes a step from the state that the operator saw, and from no other.</summary>
    private RolloutState Take(ServerCallContext context, string expectedActive, string name, Func<RevisionStatus, RolloutStep> step)
    {
        string expected = RolloutRequests.Expected(expectedActive);
        return Answer(context, name, rollout.Change(status => Rollout.Crossed(status, expected) ?? step(status)));
    }

    private RolloutState Answer(ServerCallContext context, string name, RolloutStep taken)
    {
        Caller actor = context.GetHttpContext().Caller();
        string caller = actor.Id.ToString();
        // A roll-back must not wait for a disk that is full: it is recorded as soon as anything can be.
        audit.Note(actor, "", record => record.Operation = new AuditOperation { Rpc = context.Method, Detail = taken is RolloutStep.Refused no ? $"{name}: {no.Reason}" : name });
        if (taken is RolloutStep.To { Status: var status })
        {
            log.Asked(caller, name, "done");
            return RolloutMapping.ToWire(status, rollout);
        }
        var refused = (RolloutStep.Refused)taken;
        log.Asked(caller, name, refused.Reason);
        throw new RpcException(new Status(
            refused.Obstacle switch
            {
                Obstacle.Crossed => StatusCode.Aborted,
                Obstacle.NotFound => StatusCode.NotFound,
                _ => StatusCode.FailedPrecondition,
            },
            refused.Reason));
    }

    private Pin PinOf(ServerCallContext context, string reason) => new(context.GetHttpContext().Caller().Id.ToString(), clock.GetUtcNow(), RolloutRequests.Reason(reason));

    private static Wire.V1.RefusedRevision ToWire(Revisions.RefusedRevision refused)
    {
        var wire = new Wire.V1.RefusedRevision { CommitId = refused.CommitId, SeenAt = refused.SeenAt.ToTimestamp() };
        wire.Diagnostics.AddRange(refused.Diagnostics.Select(ToWire));
        if (refused.Fault is not null)
            wire.Diagnostics.Add(new Wire.V1.Diagnostic { Message = refused.Fault });
        return wire;
    }

    private static Wire.V1.Diagnostic ToWire(Diagnostic diagnostic) => new()
    {
        Code = diagnostic.Code,
        File = diagnostic.Position.File,
        Line = diagnostic.Position.Line,
        Column = diagnostic.Position.Column,
        Message = diagnostic.Message,
        Help = diagnostic.Help ?? "",
    };
}
