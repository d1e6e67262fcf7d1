using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>What the client answers, as a message of the protocol.</summary>
internal static class LocalAnswer
{
    /// <summary>As messages, by this machine's clock. Where there is nothing to go by, the answer is a denial without a revision.</summary>
    public static DecideResponse Plain(ImmutableArray<DeviceDecision> decisions, ImmutableArray<string> needed) => new() { Decisions = { decisions.Select(Plain) }, NeededAttributes = { needed } };

    /// <summary>As the decision point signed them, with the statement by which they were judged, to be handed on.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: nobody signed one of them. PERMISSION_DENIED: the decision point will not speak to this gateway about the device.</exception>
    public static DecideResponse Signed(ImmutableArray<DeviceDecision> decisions, ImmutableArray<string> needed, ByteString knownStatement)
    {
        var response = new DecideResponse { NeededAttributes = { needed } };
        foreach (DeviceDecision decision in decisions)
        {
            if (decision.Signed is not { } signed)
                throw Unsigned(decision);
            response.SignedDecisions.Add(signed.Decision);
            if (signed.Statement is { } statement && !SHA256.HashData(statement.Payload.Span).AsSpan().SequenceEqual(knownStatement.Span))
                response.Statement = statement;
        }
        return response;
    }

    private static RpcException Unsigned(DeviceDecision decision) => new(new Grpc.Core.Status(decision.IsRefused ? StatusCode.PermissionDenied : StatusCode.Unavailable, decision.IsLocal
        ? $"{decision.Kind.Name()}: it was decided here from the bundle, and nobody signed it; take the bundle (GetBundle)"
        : $"{decision.Kind.Name()}: {decision.Outcome.Denial}"));

    private static Decision Plain(DeviceDecision answer)
    {
        if (answer.Decision is not { } decision)
            return new Decision { Kind = WireMapping.ToWire(answer.Kind), Denial = new Denial { Reason = answer.Outcome.Denial } };
        Decision message = WireMapping.ToWire(decision);
        // The decision point counts by its own clock, and the programs of this machine by this one's.
        if (answer.FreshUntil is { } freshUntil && freshUntil - decision.FreshUntil is var ahead && ahead != TimeSpan.Zero)
            message.IssuedAt = Timestamp.FromDateTimeOffset(decision.IssuedAt + ahead);
        message.FreshUntil = Timestamp.FromDateTimeOffset(answer.FreshUntil ?? decision.FreshUntil);
        message.UsableUntil = Timestamp.FromDateTimeOffset(answer.UsableUntil ?? decision.UsableUntil);
        return message;
    }
}
