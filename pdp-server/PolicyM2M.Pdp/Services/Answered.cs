using System.Collections.Immutable;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Wire.V1;
using Decision = PolicyM2M.Engine.Decision;
using Region = PolicyM2M.Engine.Regions.Region;

namespace PolicyM2M.Pdp.Services;

/// <summary>What one answer came from: while that is the same, so is the answer. It is kept with the answer, and holds nothing that is large and of one request only.</summary>
internal sealed record Answered
{
    /// <summary>Who asked.</summary>
    public required Caller Caller { get; init; }

    /// <summary>About which device.</summary>
    public required string Device { get; init; }

    /// <summary>What was served then.</summary>
    public required RevisionStatus Status { get; init; }

    /// <summary>What the registry knew of that device then; null where it knew nothing.</summary>
    public required Registry.Device? Known { get; init; }

    /// <summary>The registry that said so: another one stands in for it while it is away.</summary>
    public required Registry.DeviceRegistry Registry { get; init; }

    public required DecisionForm Form { get; init; }

    public required (Decision Decision, Region Region)[] Decisions { get; init; }

    /// <summary>The same, where they went out signed.</summary>
    public required SignedDecision[] Signed { get; init; }

    /// <summary>The claims that were not believed.</summary>
    public required ImmutableArray<DroppedClaim> Dropped { get; init; }

    /// <summary>What the audit log says of it.</summary>
    public required DecisionWords Words { get; init; }

    public required bool IsCanary { get; init; }

    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>When its bytes must be made anew at the latest: a decision ends, or would be signed anew. Null where they are of this moment only.</summary>
    public required DateTimeOffset? Until { get; init; }
}

/// <summary>An answer that was just made.</summary>
/// <param name="Response">What goes out.</param>
/// <param name="Answered">What it came from.</param>
internal sealed record MadeAnswer(DecideResponse Response, Answered Answered);
