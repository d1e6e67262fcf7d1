using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using Diagnostic = PolicyM2M.Compiler.Diagnostics.Diagnostic;

namespace PolicyM2M.Pdp.Services;

/// <summary>What operators ask.</summary>
internal sealed class PolicyEndpoint(RevisionState revisions, RevisionSource source) : PolicyService.PolicyServiceBase
{
    public override Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        RevisionStatus status = revisions.Current;
        return Task.FromResult(new GetStatusResponse
        {
            Active = WireMapping.ToWire(status.Active.Id),
            ActivatedAt = status.Active.ActivatedAt.ToTimestamp(),
            Repository = source.Repository,
            Ref = source.Ref,
            Path = source.Folder,
            Refused = status.Refused is null ? null : ToWire(status.Refused),
            LastPolledAt = status.LastPolledAt.ToTimestamp(),
            Policies = { status.Active.Bundle.Policies },
        });
    }

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
