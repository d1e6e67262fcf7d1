using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>A roll-out as operators read it.</summary>
internal static class RolloutMapping
{
    public static V1.RolloutState ToWire(RevisionStatus status, Rollout rollout) => new()
    {
        Active = status.Answering(status.Active).ToWire(),
        ActivatedAt = status.Active.ActivatedAt.ToTimestamp(),
        Summary = status.Active.Summary,
        Candidate = status.Candidate is { } candidate ? ToWire(status, candidate, candidate.Differences.Report()) : null,
        Pin = status.Pin is { } pin ? new V1.RolloutPin { By = pin.By, At = pin.At.ToTimestamp(), Reason = pin.Reason } : null,
        Waiting = status.Waiting is { } waiting ? new V1.WaitingRevision { Revision = WireMapping.ToWire(waiting.Id), Summary = waiting.Summary } : null,
        Entry = rollout.Entry?.ToString() ?? "direct",
        NotRemembered = rollout.NotRemembered ?? "",
    };

    private static V1.RolloutCandidate ToWire(RevisionStatus status, Candidate candidate, DifferenceReport report) => new()
    {
        Revision = candidate.Stage is RolloutStage.Canary ? status.Answering(candidate.Revision).ToWire() : WireMapping.ToWire(candidate.Revision.Id),
        Summary = candidate.Revision.Summary,
        Stage = candidate.Stage is RolloutStage.Canary ? V1.RolloutStage.Canary : V1.RolloutStage.Shadow,
        Percent = candidate.Stage is RolloutStage.Canary { Percent: var percent } ? percent : 0,
        Since = candidate.Since.ToTimestamp(),
        Compared = (ulong)report.Compared,
        Differing = (ulong)report.Differing,
    };

    public static V1.PastRevision ToWire(PastRevision past) => new()
    {
        Revision = new V1.Revision { CommitId = past.CommitId, BundleHash = past.BundleHash },
        Summary = past.Summary,
        ActivatedAt = past.ActivatedAt?.ToTimestamp(),
        Fate = past.Fate switch
        {
            Fate.Replaced => V1.RevisionFate.Replaced,
            Fate.RolledBack => V1.RevisionFate.RolledBack,
            _ => V1.RevisionFate.Abandoned,
        },
        IsLoaded = past.Loaded is not null,
    };

    public static V1.GetDifferencesResponse Differences(RevisionStatus status)
    {
        var response = new V1.GetDifferencesResponse { Active = status.Answering(status.Active).ToWire() };
        if (status.Candidate is not { } candidate)
            return response;
        DifferenceReport report = candidate.Differences.Report();
        response.Candidate = ToWire(status, candidate, report);
        response.Counts.AddRange(report.Counts.Select(count => new V1.DifferenceCount { Kind = WireMapping.ToWire(count.Kind), Direction = ToWire(count.Direction), Count = (ulong)count.Count }));
        response.Samples.AddRange(report.Samples.Select(ToWire));
        response.NotSampled = (ulong)report.NotSampled;
        return response;
    }

    private static V1.DifferenceSample ToWire(DifferenceSample sample)
    {
        var wire = new V1.DifferenceSample
        {
            Kind = WireMapping.ToWire(sample.Active.Kind),
            Direction = ToWire(sample.Direction),
            Count = (ulong)sample.Count,
            DeviceId = sample.Device,
            LastSeen = sample.LastSeen.ToTimestamp(),
            ActiveOutcome = sample.Active.Outcome.ToString(),
            CandidateOutcome = sample.Candidate.Outcome.ToString(),
        };
        wire.ActiveRules.AddRange(sample.Active.Rules.Select(rule => rule.ToString()));
        wire.CandidateRules.AddRange(sample.Candidate.Rules.Select(rule => rule.ToString()));
        return wire;
    }

    private static V1.Direction ToWire(Direction direction) => direction switch
    {
        Direction.Tighter => V1.Direction.Tighter,
        Direction.Looser => V1.Direction.Looser,
        Direction.Both => V1.Direction.Both,
        _ => V1.Direction.Neither,
    };
}
