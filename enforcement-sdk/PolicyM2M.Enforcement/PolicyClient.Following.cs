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
        DateTimeOffset? refreshAt = _local.Held?.RefreshAt;
        bool isDue = Interlocked.Exchange(ref _isBundleDue, 0) != 0;
        if (!isDue && !(_clock.Now >= (_bundleAgainAt ?? refreshAt)))
            return;
        TimeSpan? pause = BundlePause.AfterRefusal;
        try
        {
            pause = await _bundles.FetchAsync(ending).ConfigureAwait(false) ? null : _bundlePause.After(null);
        }
        catch (Exception failure) when (CallFailure.IsOfTheCall(failure))
        {
            pause = _bundlePause.After(failure);
            // A server of before knows no bundles; another may be back soon.
            if (!CallFailure.IsUnreachable(failure))
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

    private RevisionWatch Watch(string device) => RevisionWatch.Start(_endpoints, _options,
        new DeviceListener((endpoint, response, since, options) => TakeAsync(endpoint, response, device, since, options), failure => Failed(failure, _endpoints.Current.Address, NextOrder(), wasConnected: true, device)), NextOrder, device);

    private long NextOrder() => Interlocked.Increment(ref _order);

    private sealed class WatchListener(PolicyClient client) : IWatchListener
    {
        public Task OpenAsync(Endpoint endpoint, CallOptions options) => client._keys.FetchAsync(endpoint, options);

        public Task ToldAsync(Endpoint endpoint, V1.WatchResponse response, bool isFirst, long since, CallOptions options) => client.FollowAsync(endpoint, response, isFirst, since, options);

        public bool Broke(Endpoint endpoint, Exception failure, bool wasOpen)
        {
            client.Failed(failure, endpoint.Address, client.NextOrder(), wasOpen, client._name);
            if (CallFailure.IsUnreachable(failure))
                client._endpoints.Failed(endpoint);
            return true;
        }
    }
}
