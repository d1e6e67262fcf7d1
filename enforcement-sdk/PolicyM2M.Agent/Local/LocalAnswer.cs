using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Enforcement;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>What the client answers, as a message of the protocol.</summary>
internal static class LocalAnswer
{
    /// <summary>As messages, by this machine's clock. Where there is nothing to go by, the answer is a denial without a revision.</summary>
    public static DecideResponse Plain(ImmutableArray<DeviceDecision> decisions) => new() { Decisions = { decisions.Select(Plain) } };

    private static Decision Plain(DeviceDecision answer)
    {
        if (answer.Decision is not { } decision)
            return new Decision { Kind = WireMapping.ToWire(answer.Kind), Denial = new Denial { Reason = answer.Outcome.Denial } };
        Decision message = WireMapping.ToWire(decision);
        // The decision point counts by its own clock, and the programs of this machine by this one's.
        if (answer.FreshUntil is { } freshUntil && freshUntil - decision.FreshUntil is var ahead && ahead != TimeSpan.Zero)
        {
            message.IssuedAt = Timestamp.FromDateTimeOffset(decision.IssuedAt + ahead);
            message.FreshUntil = Timestamp.FromDateTimeOffset(decision.FreshUntil + ahead);
            message.UsableUntil = Timestamp.FromDateTimeOffset(decision.UsableUntil + ahead);
        }
        return message;
    }
}
