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
        if (Volatile.Read(ref claims.Hits[(int)kind]) is { } hit && ReferenceEquals(hit.Facts, claims.Slot.Facts) && _clock.NowTicks < hit.UntilTicks)
        {
            decision = hit.Answer;
            Note(claims.Slot, kind, DecisionSource.Cached);
            return true;
        }
        if (AtHandFresh(kind, claims) is { } fresh)
        {
            decision = fresh;
            return true;
        }
        if (!_outage.IsConnected && WhileAway(kind, claims, out _) is { } usable)
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
            if (Volatile.Read(ref claims.Hits[(int)kind]) is { } hit && ReferenceEquals(hit.Facts, claims.Slot.Facts) && _clock.NowTicks < hit.UntilTicks)
            {
                Note(claims.Slot, kind, DecisionSource.Cached);
                found.Add(hit.Answer);
            }
            else if (AtHandFresh(kind, claims) is { } fresh)
                found.Add(fresh);
            else
                return null;
        }
        return found.MoveToImmutable();
    }

    /// <summary>What is fresh, looked for in all that is kept; the claim set remembers it.</summary>
    private DeviceDecision? AtHandFresh(DecisionKind kind, ClaimSet claims)
    {
        DateTimeOffset now = _clock.Now;
        ClaimSet.Hit? hit = null;
        if (_memory.Find(kind, claims, now) is { } found && DecisionState.Of(Asked.Not, found.At(now)) is { } source)
        {
            found.Kept.User = claims;
            hit = new ClaimSet.Hit(found.Answer(source), found.Facts, found.FreshUntil.UtcTicks);
        }
        else if (_options.Mode == DecisionMode.Bundle && _local.Find(kind, claims, now) is { } local && DecisionState.Of(Asked.Not, local.At(now)) is { } ours)
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
            return [.. kinds.Select(kind => Offline(kind, claims, "it did not answer a moment ago"))];

        DeviceContext sent = _memory.Needed is { } known ? claims.Claims.Where(known.Contains) : claims.Claims;
        bool wasConnected = _outage.IsConnected;
        for (bool isSecond = false; ; isSecond = true)
        {
            long order = Interlocked.Increment(ref _order);
            RevisionStamp? served = claims.Slot.Facts.Served;
            try
            {
                (V1.DecideResponse response, Answer answer) = await _asking.AskAsync(claims, sent, kinds, ending).ConfigureAwait(false);
                ClientMetrics.Called("answered");
                _outage.Answered();
                _reading.Heard(claims.Claims, sent, response.Ignored);
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
                    return Refused(kinds, claims, answer.Decisions[0].Decision.Revision);
                _memory.Keep(claims, answer, order, served, _clock.Now);
                if (_reading.News(claims.Claims, answer.Needed) is { } news)
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
        // Whoever asked once may ask again: it counts as in use from now on.
        kept.User = claims;
        Note(claims.Slot, kept.Kind, DecisionSource.Live);
        return found.Answer(DecisionSource.Live);
    }

    private ImmutableArray<DeviceDecision> Refused(IReadOnlyList<DecisionKind> kinds, ClaimSet claims, RevisionId revision)
    {
        RevisionId seen = claims.Slot.Facts.LatestSeen!.Id;
        ClientMetrics.Called("refused");
        Tell(new ClientEvent.RevisionRefused(revision, seen));
        return [.. kinds.Select(kind => Nothing(kind, claims, $"the decision point answered by policies from before those already seen ({revision.CommitId} after {seen.CommitId})"))];
    }

    private ImmutableArray<DeviceDecision> Failed(Exception failure, long order, bool wasConnected, ClaimSet claims, IReadOnlyList<DecisionKind> kinds)
    {
        bool isUnreachable = CallFailure.IsUnreachable(failure);
        ClientMetrics.Called(isUnreachable ? "unreachable" : "refused");
        string reason = CallFailure.Reason(failure, _options, _endpoints.Current.Address, wasConnected);
        if (isUnreachable)
            Volatile.Write(ref _awayUntil, _options.Time.GetTimestamp() + (long)(AwayFor.TotalSeconds * _options.Time.TimestampFrequency));
        Failed(failure, _endpoints.Current.Address, order, wasConnected, claims.Device);
        return [.. kinds.Select(kind => isUnreachable ? Offline(kind, claims, reason) : Nothing(kind, claims, $"the decision point refused: {reason}") with { IsRefused = CallFailure.IsUnwelcome(failure) })];
    }

    /// <summary>What a failed call, or a broken watch, means for what is kept.</summary>
    private void Failed(Exception failure, Uri address, long order, bool wasConnected, string device)
    {
        // Who does not know this client at all speaks for none of its devices; who forbids it one device forbids that.
        if (CallFailure.IsUnwelcome(failure))
            _memory.Forget(device == _name || failure is RpcException { StatusCode: StatusCode.Unauthenticated } ? null : device, order);
        string reason = CallFailure.Reason(failure, _options, address, wasConnected);
        if (!CallFailure.IsUnreachable(failure))
            Tell(new ClientEvent.Refused(reason));
        else if (_outage.IsNews(reason))
            Tell(new ClientEvent.Disconnected(reason, ConnectionFailure.Detail(failure)));
    }

    /// <summary>What holds while nobody answers.</summary>
    private DeviceDecision Offline(DecisionKind kind, ClaimSet claims, string reason)
    {
        if (WhileAway(kind, claims, out DateTimeOffset? ended) is not { } usable)
        {
            return Nothing(kind, claims, ended is { } until
                ? $"the decision point cannot be reached, and what is kept was usable until {until:u} ({reason})"
                : $"the decision point cannot be reached, and nothing is kept for this context ({reason})");
        }
        Note(claims.Slot, kind, usable.Source);
        return usable;
    }

    /// <summary>The better of what is kept and what the bundle says; null where neither may be used.</summary>
    private DeviceDecision? WhileAway(DecisionKind kind, ClaimSet claims, out DateTimeOffset? ended)
    {
        DateTimeOffset now = _clock.Now;
        Found? found = _memory.Find(kind, claims, now);
        AtHand kept = found?.At(now) ?? AtHand.Nothing;
        ended = kept == AtHand.Ended ? found!.Value.UsableUntil : null;
        LocalAnswers.Local? local = kept == AtHand.Fresh ? null : _local.Find(kind, claims, now);
        AtHand made = local?.At(now) ?? AtHand.Nothing;
        DecisionSource source = DecisionState.Of(Asked.Unreachable, made > kept ? made : kept)!.Value;
        return source == DecisionSource.Denied ? null : made > kept ? local!.Answer(source) : found!.Value.Answer(source);
    }

    private DeviceDecision Nothing(DecisionKind kind, ClaimSet claims, string reason)
    {
        Note(claims.Slot, kind, DecisionSource.Denied);
        return DeviceDecision.Nothing(kind, reason);
    }

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
