using System.Collections.Immutable;
using Grpc.Core;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement;

/// <summary>Where answers come from.</summary>
public sealed partial class PolicyClient
{
    private const string Unreachable = "the decision point cannot be reached";

    /// <summary>
    /// Decides without waiting for anybody: from what is kept and fresh, or from the bundle; and while nobody can be reached, from what is still usable. A claim set that asks again is answered in a
    /// fraction of a microsecond, and nothing is allocated.
    /// </summary>
    /// <param name="kind">What to decide.</param>
    /// <param name="claims">What the device says of itself.</param>
    /// <param name="decision">The decision; a denial where this is false.</param>
    /// <returns>False where a decision point must be asked: with <see cref="DecideAsync(ClaimSet, IReadOnlyList{DecisionKind}, bool, CancellationToken)"/>.</returns>
    public bool TryDecide(DecisionKind kind, ClaimSet claims, out DeviceDecision decision)
    {
        ArgumentNullException.ThrowIfNull(claims);
        if (LastAnswer(kind, claims) is { } last)
        {
            decision = last;
            return true;
        }
        if (AtHandFresh(kind, claims) is { } fresh)
        {
            decision = fresh;
            return true;
        }
        if (!_outage.IsConnected && WhileAway(kind, claims, out _, out _) is { } usable)
        {
            Note(claims.Slot, kind, usable.Source);
            decision = usable;
            return true;
        }
        decision = DeviceDecision.Nothing(kind, "nothing fresh is at hand: the decision point must be asked");
        return false;
    }

    private ImmutableArray<DeviceDecision>? Fresh(ClaimSet claims, IReadOnlyList<DecisionKind> kinds)
    {
        ImmutableArray<DeviceDecision>.Builder found = ImmutableArray.CreateBuilder<DeviceDecision>(kinds.Count);
        foreach (DecisionKind kind in kinds)
        {
            if (LastAnswer(kind, claims) is { } last)
                found.Add(last);
            else if (AtHandFresh(kind, claims) is { } fresh)
                found.Add(fresh);
            else
                return null;
        }
        return found.MoveToImmutable();
    }

    /// <summary>The last answer of a claim set, while nothing that it rests on has changed.</summary>
    private DeviceDecision? LastAnswer(DecisionKind kind, ClaimSet claims)
    {
        DeviceSlot slot = claims.Slot;
        long now = _clock.NowTicks;
        if (Volatile.Read(ref claims.Hits[(int)kind]) is not { } hit || !ReferenceEquals(hit.Facts, slot.Facts) || now >= hit.UntilTicks)
            return null;
        Use(slot, now);
        Note(slot, kind, DecisionSource.Cached);
        return hit.Answer;
    }

    /// <summary>What is fresh, looked for in all that is kept; the claim set remembers it.</summary>
    private DeviceDecision? AtHandFresh(DecisionKind kind, ClaimSet claims)
    {
        DateTimeOffset now = _clock.Now;
        Use(claims.Slot, now.UtcTicks);
        ClaimSet.Hit? hit = null;
        if (_memory.Find(kind, claims, now) is { } found && DecisionState.Of(Asked.Not, found.At(now)) is { } source)
        {
            found.Kept.User = claims;
            hit = new ClaimSet.Hit(found.Answer(source), found.Facts, found.FreshUntil.UtcTicks);
        }
        else if (_options.Mode == DecisionMode.Bundle && Local(kind, claims, now) is { } local && DecisionState.Of(Asked.Not, local.At(now)) is { } ours)
        {
            hit = new ClaimSet.Hit(local.Answer(ours), local.Facts, local.Made.FreshUntil.UtcTicks);
        }
        if (hit is null)
            return null;
        Volatile.Write(ref claims.Hits[(int)kind], hit);
        Note(claims.Slot, kind, hit.Answer.Source);
        return hit.Answer;
    }

    private async Task<ImmutableArray<DeviceDecision>> AskAsync(ClaimSet claims, IReadOnlyList<DecisionKind> kinds, CancellationToken ending)
    {
        if (_options.Time.GetTimestamp() < Volatile.Read(ref _awayUntil))
            return [.. kinds.Select(kind => AtHandOnly(kind, claims, Unreachable, _awayReason ?? "it did not answer a moment ago"))];

        DeviceContext sent = _memory.Needed is { } known ? claims.Claims.Where(known.Contains) : claims.Claims;
        bool wasConnected = _outage.IsConnected;
        for (bool isSecond = false; ; isSecond = true)
        {
            long order = NextOrder();
            RevisionStamp? served = claims.Slot.Facts.Served;
            try
            {
                (Endpoint endpoint, V1.DecideResponse response, Answer answer) = await _asking.AskAsync(claims, sent, kinds, ending).ConfigureAwait(false);
                ClientMetrics.Called("answered");
                _outage.Answered();
                claims.Slot.Reading.Heard(claims.Claims, sent, response);
                // The policies may have come to need what was not sent: then the answer is the strictest over all it could be, and need not be.
                DeviceContext wanted = claims.Claims.Where(answer.Needed.Contains);
                bool isWhole = wanted.Values.Keys.All(sent.Values.ContainsKey);
                bool isOld = answer.Decisions is [var first, ..] && claims.Slot.Facts.LatestSeen is { } seen && RevisionStamp.Of(first.Decision).IsBefore(seen);
                // The watch may have told of newer policies while the answer was on its way.
                if (!isSecond && (!isWhole || (isOld && claims.Slot.Facts.Served?.Id != served?.Id)))
                {
                    (sent, wasConnected) = (wanted, true);
                    continue;
                }
                if (isOld)
                    return Earlier(endpoint, kinds, claims, answer.Decisions[0].Decision.Revision);
                if (!_memory.Keep(claims, answer, order, served, _clock.Now))
                {
                    if (isSecond)
                        throw new WireException($"the answer is for {claims.Device} as it was before");
                    (sent, wasConnected) = (wanted, true);
                    continue;
                }
                if (claims.Slot.Reading.News(claims.Claims, answer.Needed) is { } news)
                    Tell(news);
                return [.. answer.Decisions.Select(kept => Live(kept, claims))];
            }
            catch (RpcException) when (ending.IsCancellationRequested)
            {
                throw new OperationCanceledException(ending);
            }
            catch (Exception failure) when (CallFailure.IsOfTheCall(failure))
            {
                return Failed(failure, order, wasConnected, claims, kinds);
            }
        }
    }

    private DeviceDecision Live(KeptDecision kept, ClaimSet claims)
    {
        DateTimeOffset now = _clock.Now;
        DeviceFacts facts = claims.Slot.Facts;
        var found = new Found(kept, facts, IsFresh: true, kept.HoldsUntil(claims, facts, now));
        Note(claims.Slot, kept.Kind, DecisionSource.Live);
        return found.Answer(DecisionSource.Live);
    }

    /// <summary>Whoever asked once may ask again: what they got counts as in use from now on.</summary>
    private void InUse(ClaimSet claims, ImmutableArray<DeviceDecision> answers)
    {
        foreach (DeviceDecision answer in answers.Where(answer => answer.Source == DecisionSource.Live))
        {
            if (_memory.Index.Of(answer.Kind).LastOrDefault(kept => ReferenceEquals(kept.Decision, answer.Decision)) is { } used)
                used.User = claims;
        }
    }

    private LocalAnswers.Local? Local(DecisionKind kind, ClaimSet claims, DateTimeOffset now) => _local.Find(kind, claims, _memory.Believed(claims.Slot), _clock.IsKnown, now);

    /// <summary>Counts an answer, and tells where it comes from another source than the one before.</summary>
    private void Note(DeviceSlot slot, DecisionKind kind, DecisionSource source)
    {
        ClientMetrics.Decided(kind, source);
        ref int last = ref slot.LastSources[(int)kind];
        if (Volatile.Read(ref last) == (int)source)
            return;
        int before = Interlocked.Exchange(ref last, (int)source);
        if (before == (int)source)
            return;
        DecisionSource? from = before < 0 ? null : (DecisionSource)before;
        ClientMetrics.Changed(kind, from, source);
        Tell(new ClientEvent.SourceChanged(slot.Facts.Device, kind, from, source));
    }
}
