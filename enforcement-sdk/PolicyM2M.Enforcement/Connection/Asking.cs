using System.Collections.Immutable;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>Asks for signed decisions, and believes nothing of an answer that was not verified.</summary>
/// <param name="self">The id of this device, which need not be named.</param>
/// <param name="endpoints">Whom to ask.</param>
/// <param name="memory">What is known.</param>
/// <param name="clock">The device's clock.</param>
/// <param name="keys">Fetches keys.</param>
internal sealed class Asking(string self, Endpoints endpoints, DecisionMemory memory, DeviceClock clock, KeyFetch keys)
{
    /// <summary>
    /// A denial has no windows of its own. It is kept for as long as the shipped policies keep the permissions that they trust least, so that a device which is denied does not ask for each packet; other policies,
    /// and what is heard of the device, end it before. Until then nothing is allowed that a decision point would deny.
    /// </summary>
    internal static readonly TimeSpan DenialsAreKept = TimeSpan.FromMinutes(5);

    /// <summary>Asks, fetches keys where the answer is signed by one that is not known, and verifies.</summary>
    /// <param name="claims">The question.</param>
    /// <param name="sent">What is said of the device.</param>
    /// <param name="kinds">What to decide.</param>
    /// <param name="ending">Ends it.</param>
    /// <returns>Who answered, the answer as it came, and what was found in it.</returns>
    /// <exception cref="RpcException">Nobody answered, or the answer was no.</exception>
    /// <exception cref="WireException">The answer is not to be believed; the message says why.</exception>
    public async Task<(Endpoint Endpoint, V1.DecideResponse Response, Answer Answer)> AskAsync(ClaimSet claims, DeviceContext sent, IReadOnlyList<DecisionKind> kinds, CancellationToken ending)
    {
        long asked = clock.Mark;
        HeldStatement? held = claims.Slot.Facts.Statement is { } statement && clock.Now < statement.ValidUntil && statement.IsBelieved(memory.Keys.Trusted) ? statement : null;
        var request = new V1.DecideRequest
        {
            DeviceId = claims.Device == self ? "" : claims.Device,
            Kinds = { kinds.Select(WireMapping.ToWire) },
            Form = V1.DecisionForm.Signed,
            KnownStatement = held?.Digest ?? ByteString.Empty,
        };
        // What no attribute can be counts as missing there as here, and the protocol has no words for it.
        foreach ((string name, AttributeValue value) in sent.Values.Where(claim => claim.Value.Kind != AttributeValueKind.Other))
            request.Attributes[name] = WireMapping.ToWire(value);
        (Endpoint answering, V1.DecideResponse response) = await endpoints.CallAsync(async (endpoint, options) =>
        {
            V1.DecideResponse answer = await endpoint.Service.DecideAsync(request, options).ConfigureAwait(false);
            if (SignedBy(answer).Any(key => !memory.Keys.Trusted.Knows(key)))
                await keys.FetchAsync(endpoint, options).ConfigureAwait(false);
            return answer;
        }, ending).ConfigureAwait(false);
        return (answering, response, Verified(response, claims, held, kinds, asked));
    }

    private static IEnumerable<string> SignedBy(V1.DecideResponse response) =>
        response.SignedDecisions.Append(response.Statement).OfType<V1.SignedPayload>().Select(signed => signed.KeyId).Distinct(StringComparer.Ordinal);

    private Answer Verified(V1.DecideResponse response, ClaimSet claims, HeldStatement? held, IReadOnlyList<DecisionKind> kinds, long asked)
    {
        TrustedKeys trusted = memory.Keys.Trusted;
        (V1.SignedPayload Signed, ReceivedDecision Decision)[] decisions = [.. response.SignedDecisions.Select(signed => (signed, trusted.Decision(signed)))];
        if (decisions.Length == 0 && response.Decisions.Count > 0)
            throw new WireException("the decisions are not signed");
        if (!decisions.Select(decision => decision.Decision.Kind).SequenceEqual(kinds))
            throw new WireException("the answers are not to the questions that were asked");
        if (decisions.Any(decision => decision.Decision.Revision != decisions[0].Decision.Revision))
            throw new WireException("the answers are of different revisions");
        ReceivedStatement? came = response.Statement is null ? null : HeldStatement.Verify(response.Statement, trusted, claims.Device);
        foreach (DateTimeOffset issuedAt in decisions.Select(signed => signed.Decision.IssuedAt).Concat(came is null ? [] : [came.IssuedAt]))
            clock.Heard(issuedAt);
        if (Ended(decisions.Select(signed => signed.Decision), came, claims.Device) is { } old)
        {
            if (decisions is [var first, ..])
                clock.Refused(first.Decision.IssuedAt);
            throw new WireException($"{old}: it is an old one, or this device's clock is ahead");
        }
        clock.Confirm();
        // What was just heard may have moved the time, as on a machine that began without one.
        DateTimeOffset askedAt = clock.When(asked);
        HeldStatement? statement = came is null ? held : Newer(HeldStatement.Of(response.Statement!, came, askedAt, clock), held);
        DateTimeOffset now = clock.Now;
        DeviceFacts facts = claims.Slot.Facts with { Statement = statement };
        ImmutableArray<KeptDecision> kept = [.. decisions.Select(decision => Kept(decision.Signed, decision.Decision, askedAt))];
        foreach (KeptDecision decision in kept)
        {
            if (decision.Region.NeedsVouching && statement is null)
                throw new WireException($"the decision about {decision.Kind.Name()} rests on what the registry says, and no statement of this device came with it");
            if (!decision.HoldsAsIssued(claims, facts, now))
                throw new WireException($"the decision about {decision.Kind.Name()} is for other contexts than that of {claims.Device}");
        }
        return new Answer(kept, statement, response.NeededAttributes.ToImmutableSortedSet(StringComparer.Ordinal));
    }

    /// <summary>What ended before it came; null where nothing did. A denial is one whenever it was made; anything else ends.</summary>
    private string? Ended(IEnumerable<ReceivedDecision> decisions, ReceivedStatement? statement, string device) =>
        statement is not null && clock.HasPassed(statement.ValidUntil) ? $"the statement about {device} ended at {statement.ValidUntil:u}"
            : decisions.FirstOrDefault(decision => !decision.Outcome.IsDenied && clock.HasPassed(decision.UsableUntil)) is { } ended ? $"the decision about {ended.Kind.Name()} ended at {ended.UsableUntil:u}"
            : null;

    /// <summary>An older statement than one that is held does not take its place: the device may have been in better standing then.</summary>
    private static HeldStatement Newer(HeldStatement came, HeldStatement? held) => held is not null && came.IsBefore(held, isAskedBefore: false) ? held : came;

    private KeptDecision Kept(V1.SignedPayload signed, ReceivedDecision decision, DateTimeOffset askedAt)
    {
        if (decision.Outcome.IsDenied)
        {
            DateTimeOffset until = clock.End(decision.IssuedAt, decision.IssuedAt + DenialsAreKept, askedAt);
            return new KeptDecision(signed, decision, isVerified: true) { FreshUntil = until, UsableUntil = until };
        }
        DateTimeOffset freshUntil = clock.End(decision.IssuedAt, decision.FreshUntil, askedAt);
        return new KeptDecision(signed, decision, isVerified: true)
        {
            FreshUntil = freshUntil,
            UsableUntil = clock.End(decision.IssuedAt, decision.UsableUntil, askedAt),
            RefreshAt = RefreshTimes.Before(freshUntil, freshUntil - askedAt),
        };
    }
}
