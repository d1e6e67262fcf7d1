using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement;

/// <summary>An answer to the device: what holds, where it came from, and for how long.</summary>
/// <param name="Outcome">What holds. A denial either is the policies' own, or <see cref="DecisionSource.Denied"/> says that there was nothing to go by.</param>
/// <param name="Source">Where the answer came from.</param>
/// <param name="Decision">The decision that it rests on; null where the source is <see cref="DecisionSource.Denied"/>.</param>
/// <param name="FreshUntil">Until then asking again would be answered from the cache, by the device's clock; null without a decision.</param>
/// <param name="UsableUntil">Until then the decision may be used while the decision point cannot be reached, by the device's clock; null without a decision.</param>
public sealed record DeviceDecision(Outcome Outcome, DecisionSource Source, ReceivedDecision? Decision, DateTimeOffset? FreshUntil, DateTimeOffset? UsableUntil)
{
    /// <summary>The kind of decision.</summary>
    public DecisionKind Kind => Outcome.Kind;

    /// <summary>The policies that it was made from; null where there was nothing to go by.</summary>
    public RevisionId? Revision => Decision?.Revision;

    /// <summary>The decision and the statement as they were received, for who hands them on; null where there is none, or it was made here.</summary>
    public SignedDecision? Signed { get; init; }

    /// <summary>Whether it was made on this machine from the bundle that is held.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Whether the decision point was reached, and will not speak to this client about the device: asking again changes nothing until somebody lets it.</summary>
    public bool IsRefused { get; init; }

    internal static DeviceDecision Nothing(DecisionKind kind, string reason) => new(Outcome.Deny(kind, reason), DecisionSource.Denied, null, null, null);
}
