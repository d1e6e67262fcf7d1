using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Wire.V1;
using Diagnostic = PolicyM2M.Compiler.Diagnostics.Diagnostic;

namespace PolicyM2M.Pdp.Services;

/// <summary>What operators ask.</summary>
internal sealed class PolicyEndpoint(
    RevisionState revisions, RevisionSource source, Rollout rollout, RegistryState registry, CredentialState credentials, CallerRulesState callers, Readiness readiness, AuditTrail audit, TimeProvider clock,
    ILogger<PolicyEndpoint> log) : PolicyService.PolicyServiceBase
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
            HeldDevices = registry.Held.Count,
            Terms = { callers.Current.ListTerms().Select(list => list.Term).Prepend(credentials.Current.Term).OrderBy(term => term.Until).Select(ToWire) },
            NotReady = { readiness.WhyNot() },
            Warnings = { registry.IsAnother ? [Readiness.AnotherRegistry] : Array.Empty<string>(), callers.Current.WithoutList().Select(Missing), callers.OutdatedLists },
        });
    }

    public override Task<ListRevisionsResponse> ListRevisions(ListRevisionsRequest request, ServerCallContext context)
    {
        RevisionStatus status = revisions.Current;
        return Task.FromResult(new ListRevisionsResponse { State = RolloutMapping.ToWire(status, rollout), Past = { status.Past.Select(RolloutMapping.ToWire) } });
    }

    public override Task<GetDifferencesResponse> GetDifferences(GetDifferencesRequest request, ServerCallContext context) => Task.FromResult(RolloutMapping.Differences(revisions.Current));

    public override async Task<PromoteResponse> Promote(PromoteRequest request, ServerCallContext context)
    {
        AuditOperation asked = Asked(context, "promote", request.ExpectedActive, RolloutRequests.Commit(request.CommitId), RolloutRequests.OptionalReason(request.Reason));
        return new PromoteResponse { State = await Take(context, asked, status => RolloutRules.Promote(status, asked.CommitId, clock.GetUtcNow())) };
    }

    public override Task<RollBackResponse> RollBack(RollBackRequest request, ServerCallContext context)
    {
        Pin pin = PinOf(context, request.Reason);
        AuditOperation asked = Asked(context, "roll back", request.ExpectedActive, RolloutRequests.Commit(request.CommitId), pin.Reason);
        RolloutStep taken = rollout.RollBack(asked.ExpectedActive, asked.CommitId, pin);
        // A roll-back must not wait for a disk that is full: it is recorded as soon as anything can be.
        audit.Note(context.GetHttpContext().Caller(), "", record => record.Operation = Told(asked, taken));
        return Task.FromResult(new RollBackResponse { State = Answer(context, asked, taken) });
    }

    public override async Task<PinResponse> Pin(PinRequest request, ServerCallContext context)
    {
        Pin pin = PinOf(context, request.Reason);
        AuditOperation asked = Asked(context, "pin", request.ExpectedActive, reason: pin.Reason);
        return new PinResponse
        {
            State = await Take(context, asked, status =>
            {
                // Two operators may pin for two reasons, and the one of before is not there to be asked.
                if (status.Pin is { } before)
                    asked.Detail = $"pin in place of that by {before.By}: {before.Reason}";
                return new RolloutStep.To(status with { Pin = pin });
            }),
        };
    }

    public override async Task<UnpinResponse> Unpin(UnpinRequest request, ServerCallContext context) => new()
    {
        State = await Take(context, Asked(context, "unpin", request.ExpectedActive, reason: RolloutRequests.OptionalReason(request.Reason)), status => RolloutRules.Unpin(status, rollout.Entry, clock.GetUtcNow())),
    };

    public override async Task<SetStageResponse> SetStage(SetStageRequest request, ServerCallContext context)
    {
        Rollouts.RolloutStage stage = RolloutRequests.Stage(request);
        AuditOperation asked = Asked(context, $"set the stage {stage}", request.ExpectedActive, RolloutRequests.Commit(request.CommitId), RolloutRequests.OptionalReason(request.Reason));
        return new SetStageResponse { State = await Take(context, asked, status => RolloutRules.SetStage(status, asked.CommitId, stage, clock.GetUtcNow())) };
    }

    public override async Task<AcceptHistoryResponse> AcceptHistory(AcceptHistoryRequest request, ServerCallContext context)
    {
        AuditOperation asked = Asked(context, "accept a history", request.ExpectedActive, RolloutRequests.NamedCommit(request.CommitId), RolloutRequests.OptionalReason(request.Reason));
        return new AcceptHistoryResponse { State = await Take(context, asked, status => RolloutRules.AcceptHistory(status, asked.CommitId)) };
    }

    private static string Missing(ListedAuthority authority) => $"the revocation list of {authority.Text} is missing, and there was one before: nobody of that authority gets in until there is a list again";

    /// <summary>What an operator asks for, as it is recorded.</summary>
    private static AuditOperation Asked(ServerCallContext context, string name, string expectedActive, string commit = "", string reason = "") =>
        new() { Rpc = context.Method, Detail = name, ExpectedActive = RolloutRequests.Expected(expectedActive), CommitId = commit, Reason = reason };

    private static AuditOperation Told(AuditOperation asked, RolloutStep taken)
    {
        AuditOperation told = asked.Clone();
        told.Done = taken is RolloutStep.To;
        if (taken is RolloutStep.Refused refused)
            told.Detail = $"{asked.Detail}: {refused.Reason}";
        return told;
    }

    /// <summary>Takes a step from the state that the operator saw, and from no other; the answer comes once that is recorded.</summary>
    private async Task<RolloutState> Take(ServerCallContext context, AuditOperation asked, Func<RevisionStatus, RolloutStep> step)
    {
        audit.Demand();
        RolloutStep taken = rollout.Change(status => Rollout.Crossed(status, asked.ExpectedActive) ?? step(status));
        // It has happened: whoever hangs up now is recorded all the same.
        await audit.DoneAsync(context.GetHttpContext().Caller(), "", record => record.Operation = Told(asked, taken), CancellationToken.None);
        return Answer(context, asked, taken);
    }

    private RolloutState Answer(ServerCallContext context, AuditOperation asked, RolloutStep taken)
    {
        string caller = context.GetHttpContext().Caller().Id.ToString();
        if (taken is RolloutStep.To { Status: var status })
        {
            log.Asked(caller, asked.Detail, "done");
            return RolloutMapping.ToWire(status, rollout);
        }
        var refused = (RolloutStep.Refused)taken;
        log.Asked(caller, asked.Detail, refused.Reason);
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

    private Wire.V1.Term ToWire(Identity.Term term) => new()
    {
        What = term.What,
        Until = term.Until.ToTimestamp(),
        Stage = term.At(clock.GetUtcNow()) switch
        {
            Identity.TermStage.Running => Wire.V1.TermStage.Running,
            Identity.TermStage.Ending => Wire.V1.TermStage.Ending,
            _ => Wire.V1.TermStage.Over,
        },
    };

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
