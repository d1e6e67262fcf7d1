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
            pause = await _bundles.FetchAsync(ending).ConfigureAwait(false) ? null : _bundlePause.After(null);
        }
        catch (Exception failure) when (CallFailure.IsOfTheCall(failure))
        {
            pause = _bundlePause.After(failure);
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
        HeldStatement? statement = await _toldStatements.ReadAsync(endpoint, response.Statement, device, options).ConfigureAwait(false);
        // What was heard of it outlives a stream and a process: what changes meanwhile counts too.
        (bool isOther, bool isOld) = _memory.Told(device, (long)response.DeviceVersion, statement, since, (NextOrder(), NextOrder()));
        if (isOther)
            Tell(new ClientEvent.DeviceChanged(device));
        if (isOld)
            _toldStatements.Refuse(device, "it is from before the one that is held");
        (bool isChanged, RevisionStamp? refusedFor) = _memory.Serve(device, stamp, response.NeededAttributes.ToImmutableSortedSet(StringComparer.Ordinal),
            response.UnchangedDecisions.Select(hash => Convert.ToHexStringLower(hash.Span)));
        if (refusedFor is null)
            return isChanged;
        Tell(new ClientEvent.RevisionRefused(active, refusedFor.Id));
        return null;
    }

    /// <summary>A device was asked about. Whom the decision point did not answer for, or refused, is not watched.</summary>
    /// <param name="slot">The device.</param>
    /// <param name="isFirst">Whether the decision point is about to be asked, so that it may answer for a device that it never did.</param>
    private void Use(DeviceSlot slot, bool isFirst = false)
    {
        DateTimeOffset now = _clock.Now;
        slot.UsedAt = now.UtcTicks;
        DeviceFacts facts = slot.Facts;
        if (slot != _memory.Self && (facts.Served is not null || (isFirst && facts.RefusedAt < 0)))
            _devices.Use(slot, now);
    }

    private DeviceWatches Watches() => new(stream => KeptStream.Start(_endpoints, _options, stream, NextOrder), NextOrder,
        (endpoint, response, device, since, ending) => TakeAsync(endpoint, response, device, since, Soon(ending)),
        (endpoint, device, refusal) => Failed(refusal, endpoint.Address, NextOrder(), wasConnected: true, device ?? _name));

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
