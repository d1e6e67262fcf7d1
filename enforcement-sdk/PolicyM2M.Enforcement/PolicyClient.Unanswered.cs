using System.Collections.Immutable;
using Grpc.Core;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement;

/// <summary>What holds where nobody gives an answer that may be used.</summary>
public sealed partial class PolicyClient
{
    /// <summary>
    /// What holds where a decision point answers by earlier policies than were seen: what is at hand, as where nobody answers. It may be a replica that lags, or one whose moments are earlier than those of
    /// another, and costs a device nothing that it has; another is asked from now on, if there is one.
    /// </summary>
    private ImmutableArray<DeviceDecision> Earlier(Endpoint endpoint, IReadOnlyList<DecisionKind> kinds, ClaimSet claims, RevisionId revision)
    {
        RevisionId seen = claims.Slot.Facts.LatestSeen?.Id ?? revision;
        ClientMetrics.Called("refused");
        Tell(new ClientEvent.RevisionRefused(revision, seen));
        _endpoints.Failed(endpoint);
        return [.. kinds.Select(kind => AtHandOnly(kind, claims, "the decision point answered by policies from before those already seen", $"{revision.CommitId} after {seen.CommitId}"))];
    }

    private ImmutableArray<DeviceDecision> Failed(Exception failure, long order, bool wasConnected, ClaimSet claims, IReadOnlyList<DecisionKind> kinds)
    {
        bool isUnreachable = IsUnreachable(failure);
        ClientMetrics.Called(isUnreachable ? "unreachable" : "refused");
        string reason = Reason(failure, _endpoints.Current.Address, wasConnected);
        _awayReason = reason;
        if (isUnreachable)
            Volatile.Write(ref _awayUntil, _options.Time.GetTimestamp() + (long)(AwayFor.TotalSeconds * _options.Time.TimestampFrequency));
        Failed(failure, _endpoints.Current.Address, order, wasConnected, claims.Device);
        return
        [
            .. kinds.Select(kind => isUnreachable
                ? AtHandOnly(kind, claims, Unreachable, reason)
                : Nothing(kind, claims, $"the decision point refused: {reason}") with { IsRefused = IsUnwelcome(failure) }),
        ];
    }

    /// <summary>What a failed call, or a broken watch, means for what is kept.</summary>
    private void Failed(Exception failure, Uri address, long order, bool wasConnected, string device)
    {
        // Who does not know this client at all speaks for none of its devices; who forbids it one device forbids that.
        if (IsUnwelcome(failure))
        {
            bool isOfAll = device == _name || failure is RpcException { StatusCode: StatusCode.Unauthenticated };
            _memory.Forget(isOfAll ? null : device, order, NextOrder());
            // Only what is said after that counts: what the streams hold yet may be from before.
            _devices.Leave(isOfAll ? null : device);
            if (isOfAll)
            {
                _watch.Renew();
                _local.Held = null;
                _bundleStore.Forget();
            }
        }
        string reason = Reason(failure, address, wasConnected);
        if (!IsUnreachable(failure))
        {
            bool isOfAll = device == _name || failure is RpcException { StatusCode: StatusCode.Unauthenticated };
            if (_outage.IsRefusalNews(device, reason))
                Tell(new ClientEvent.Refused(reason) { IsUnwelcome = IsUnwelcome(failure) && isOfAll, Device = isOfAll ? null : device });
        }
        else if (_outage.IsNews(reason))
            Tell(new ClientEvent.Disconnected(reason, ConnectionFailure.Detail(failure)) { IsTurnedAway = CallFailure.Reason(failure, _options, address, wasConnected) == ConnectionFailure.TurnedAway });
    }

    private bool IsUnreachable(Exception failure) => CallFailure.IsUnreachable(failure) || IsOfTheEnd(failure);

    private bool IsUnwelcome(Exception failure) => CallFailure.IsUnwelcome(failure) && !IsOfTheEnd(failure);

    /// <summary>
    /// Whether a decision point says over a connection that stood what the next handshake will: that the certificate, or an authority above it, is not in its time. That is no word about the
    /// device, whose decisions hold as where nobody can be reached.
    /// </summary>
    private bool IsOfTheEnd(Exception failure) => failure is RpcException { StatusCode: StatusCode.Unauthenticated } && _certificateEnd.IsOver;

    private string Reason(Exception failure, Uri address, bool wasConnected)
    {
        string reason = CallFailure.Reason(failure, _options, address, wasConnected);
        return _certificateEnd.IsOver && (IsOfTheEnd(failure) || reason == ConnectionFailure.TurnedAway) ? _certificateEnd.Over : reason;
    }

    /// <summary>What holds while nobody gives an answer that may be used.</summary>
    private DeviceDecision AtHandOnly(DecisionKind kind, ClaimSet claims, string what, string reason)
    {
        if (WhileAway(kind, claims, out DateTimeOffset? ended, out string? denial) is not { } usable)
        {
            return Nothing(kind, claims, ended is { } until ? $"{what}, and what is kept was usable until {until:u} ({reason})"
                : denial is not null ? $"{what}, and the policies that are held deny: {denial} ({reason})"
                : $"{what}, and nothing is kept for this context ({reason})");
        }
        Note(claims.Slot, kind, usable.Source);
        return usable;
    }

    /// <summary>The better of what is kept and what the bundle says; null where neither may be used.</summary>
    /// <param name="kind">The kind of decision.</param>
    /// <param name="claims">Who asks.</param>
    /// <param name="ended">When what is kept ended; null where nothing is.</param>
    /// <param name="denial">Why the bundle denies, which holds for no time and so is no answer that is kept; null where it does not.</param>
    private DeviceDecision? WhileAway(DecisionKind kind, ClaimSet claims, out DateTimeOffset? ended, out string? denial)
    {
        DateTimeOffset now = _clock.Now;
        Found? found = _memory.Find(kind, claims, now);
        AtHand kept = found?.At(now) ?? AtHand.Nothing;
        ended = kept == AtHand.Ended ? found!.Value.UsableUntil : null;
        LocalAnswers.Local? local = kept == AtHand.Fresh ? null : Local(kind, claims, now);
        denial = local?.Made.Decision.Outcome.Denial;
        AtHand made = local?.At(now) ?? AtHand.Nothing;
        DecisionSource source = DecisionState.Of(Asked.Unreachable, made > kept ? made : kept)!.Value;
        return source == DecisionSource.Denied ? null : made > kept ? local!.Answer(source) : found!.Value.Answer(source);
    }

    private DeviceDecision Nothing(DecisionKind kind, ClaimSet claims, string reason)
    {
        Note(claims.Slot, kind, DecisionSource.Denied);
        return DeviceDecision.Nothing(kind, reason);
    }
}
