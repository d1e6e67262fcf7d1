using System.Collections.Immutable;
using Grpc.Core;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement;

/// <summary>What is heard without asking.</summary>
public sealed partial class PolicyClient
{
    /// <summary>When a bundle that could not be had is asked for again, unless another is told of; null where it could. Used by the housekeeping alone.</summary>
    private DateTimeOffset? _bundleAgainAt;

    /// <summary>The bundle is fetched when it is said to be another, and before nobody vouches for it any more.</summary>
    private async Task KeepBundleAsync(CancellationToken ending)
    {
        if (_options.Mode == DecisionMode.Ask)
            return;
        // Looked at first: where it is not believed any more, another is due.
        HeldBundle? held = _local.Held;
        bool isDue = Interlocked.Exchange(ref _isBundleDue, 0) != 0;
        if (!isDue && !(_clock.Now >= (_bundleAgainAt ?? held?.RefreshAt)))
        {
            // Also where no other bundle comes: what was learned since the one on disk was written must not be lost with the decisions.
            if (held is not null)
                _bundleStore.SaveKnown(held);
            return;
        }
        TimeSpan? pause = BundlePause.AfterRefusal;
        try
        {
            pause = await _bundles.FetchAsync(ending).ConfigureAwait(false) ? null : _bundlePause.After(isAway: false);
        }
        catch (Exception failure) when (CallFailure.IsOfTheCall(failure))
        {
            pause = _bundlePause.After(IsUnreachable(failure) && !CallFailure.IsOfTooMany(failure));
            // A server of before knows no bundles; another may be back soon.
            if (!IsUnreachable(failure))
                Tell(new ClientEvent.BundleRefused(CallFailure.Reason(failure, _options, _endpoints.Current.Address, wasConnected: true)));
        }
        finally
        {
            // Also where it failed for a reason that nobody foresaw.
            _bundleAgainAt = _clock.Now + pause;
        }
        if (pause is null)
            _bundlePause.Held();
    }

    private async Task FollowAsync(Endpoint endpoint, V1.WatchResponse response, bool isFirst, long since, CallOptions options)
    {
        Volatile.Write(ref _awayUntil, 0);
        _outage.Answered();
        if (await TakeAsync(endpoint, response, _name, since, options).ConfigureAwait(false) is not { } isChanged)
            return;
        if (isFirst || isChanged)
            Volatile.Write(ref _isBundleDue, 1);
        RevisionId active = WireMapping.FromWire(response.Revision);
        if (isFirst)
            Tell(new ClientEvent.Connected(active));
        if (isChanged)
            Tell(new ClientEvent.RevisionChanged(active));
    }

    /// <summary>Takes note of what a watch tells of a device. A change of what the registry says counts also where policies come with it that are refused.</summary>
    /// <returns>Whether these are other policies than before; null where they are refused.</returns>
    private async Task<bool?> TakeAsync(Endpoint endpoint, V1.WatchResponse response, string device, long since, CallOptions options)
    {
        RevisionId active = WireMapping.FromWire(response.Revision);
        var stamp = new RevisionStamp(active, WireMapping.ActivatedAt(response.Revision), null);
        DateTimeOffset cameAt = _clock.Now;
        // Where keys must be fetched for the statement, which takes long or fails, all else counts before: nothing stays fresh by what is known to be old.
        V1.SignedPayload? later = response.Statement is { } signed && !_toldStatements.CanRead(signed) ? signed : null;
        TakeNews(response, later is null ? response.Statement : null, device, since, cameAt);
        (bool isChanged, RevisionStamp? refusedFor) = _memory.Serve(device, stamp, response.NeededAttributes.ToImmutableSortedSet(StringComparer.Ordinal),
            response.UnchangedDecisions.Select(hash => Convert.ToHexStringLower(hash.Span)), since);
        if (later is not null)
        {
            await _keys.FetchAsync(endpoint, options).ConfigureAwait(false);
            TakeNews(response, later, device, since, cameAt);
        }
        if (refusedFor is null)
            return isChanged;
        Tell(new ClientEvent.RevisionRefused(active, refusedFor.Id));
        return null;
    }

    private void TakeNews(V1.WatchResponse response, V1.SignedPayload? signed, string device, long since, DateTimeOffset cameAt)
    {
        HeldStatement? statement = signed is null ? null : _toldStatements.Read(signed, device, cameAt);
        // What was heard of it outlives a stream and a process: what changes meanwhile counts too.
        (bool isOther, string? refusal) = _memory.Told(device, (long)response.DeviceVersion, statement, since, (NextOrder(), NextOrder()));
        if (isOther)
            Tell(new ClientEvent.DeviceChanged(device));
        if (refusal is not null)
            _toldStatements.Refuse(device, refusal);
    }

    /// <summary>A device was asked about. Whom the decision point did not answer for, or refused, is not watched.</summary>
    /// <param name="slot">The device.</param>
    /// <param name="now">The time, in ticks of UTC.</param>
    /// <param name="isFirst">Whether the decision point is about to be asked, so that it may answer for a device that it never did.</param>
    private void Use(DeviceSlot slot, long now, bool isFirst = false)
    {
        slot.UsedAt = now;
        if (slot.IsWatched || slot == _memory.Self)
            return;
        DeviceFacts facts = slot.Facts;
        if (facts.Served is not null || (isFirst && facts.RefusedAt < 0))
            _devices.Use(slot, new DateTimeOffset(now, TimeSpan.Zero));
    }

    private DeviceWatches Watches() => new(stream => new KeptStream(_endpoints, _options, stream, NextOrder), NextOrder,
        (endpoint, response, device, since, ending) => TakeAsync(endpoint, response, device, since, Soon(ending)), DevicesFailed);

    /// <summary>
    /// The watch of a device behind this client ended, or that of all of them. Outages the client's own watch tells; and a decision point of before knows no such stream, of which another may come soon. But a refusal of
    /// the whole stream is one of the gateway: its own watch may hear of it much later, and until then nobody would tell what becomes of the devices.
    /// </summary>
    private void DevicesFailed(Endpoint endpoint, string? device, Exception failure)
    {
        if (IsUnwelcome(failure))
            Failed(failure, endpoint.Address, NextOrder(), wasConnected: true, device ?? _name);
    }

    private CallOptions Soon(CancellationToken ending) => Endpoints.Until(_options.CallTimeout, ending);

    private long NextOrder() => Interlocked.Increment(ref _order);

    /// <summary>The watch of this device itself, which also tells whether the decision point is there.</summary>
    private sealed class OwnWatch(PolicyClient client) : IStream
    {
        public async Task FollowAsync(Endpoint endpoint, long since, Action stands, CancellationToken ending)
        {
            bool isFirst = true;
            await client._keys.FetchAsync(endpoint, client.Soon(ending)).ConfigureAwait(false);
            using AsyncServerStreamingCall<V1.WatchResponse> call = endpoint.Service.Watch(new V1.WatchRequest { Statements = true }, cancellationToken: ending);
            await foreach (V1.WatchResponse response in call.ResponseStream.ReadAllAsync(ending).ConfigureAwait(false))
            {
                endpoint.Answered();
                await client.FollowAsync(endpoint, response, isFirst, since, client.Soon(ending)).ConfigureAwait(false);
                isFirst = false;
                stands();
            }
        }

        public void Broke(Endpoint endpoint, Exception failure, bool stood)
        {
            client.Failed(failure, endpoint.Address, client.NextOrder(), stood, client._name);
            if (client.IsUnreachable(failure))
                client._endpoints.Failed(endpoint);
        }
    }
}
