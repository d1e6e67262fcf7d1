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
    /// <summary>The bundle is fetched when it is said to be another, and before nobody vouches for it any more.</summary>
    private async Task KeepBundleAsync(CancellationToken ending)
    {
        if (_options.Mode == DecisionMode.Ask)
            return;
        bool isDue = Interlocked.Exchange(ref _isBundleDue, 0) != 0;
        if (!isDue && !(_clock.Now >= _local.Held?.RefreshAt))
            return;
        try
        {
            await _bundles.FetchAsync(ending).ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            // A server of before knows no bundles; another may be back soon.
            Volatile.Write(ref _isBundleDue, CallFailure.IsUnreachable(failure) ? 1 : 0);
            if (!CallFailure.IsUnreachable(failure))
                Tell(new ClientEvent.BundleRefused(CallFailure.Reason(failure, _options, _endpoints.Current.Address, wasConnected: true)));
        }
    }

    private void Follow(V1.WatchResponse response, bool isFirst)
    {
        RevisionId active = WireMapping.FromWire(response.Revision);
        var stamp = new RevisionStamp(active, WireMapping.ActivatedAt(response.Revision), null);
        Volatile.Write(ref _awayUntil, 0);
        _outage.Answered();
        (bool isChanged, RevisionStamp? refusedFor) = _memory.Serve(_name, stamp, response.NeededAttributes.ToImmutableSortedSet(StringComparer.Ordinal),
            response.UnchangedDecisions.Select(hash => Convert.ToHexStringLower(hash.Span)));
        if (refusedFor is not null)
        {
            Tell(new ClientEvent.RevisionRefused(active, refusedFor.Id));
            return;
        }
        long version = (long)response.DeviceVersion, known = Interlocked.Exchange(ref _deviceVersion, version);
        // What was heard of it outlives a stream: what changes meanwhile counts too.
        bool isDeviceChanged = known >= 0 && known != version;
        if (isDeviceChanged)
            _memory.DeviceChanged(_name, Interlocked.Increment(ref _order));
        if (isFirst || isChanged)
            Volatile.Write(ref _isBundleDue, 1);
        if (isFirst)
            Tell(new ClientEvent.Connected(active));
        if (isChanged)
            Tell(new ClientEvent.RevisionChanged(active));
        if (isDeviceChanged)
            Tell(new ClientEvent.DeviceChanged());
    }

    private sealed class WatchListener(PolicyClient client) : IWatchListener
    {
        public Task OpenAsync(Endpoint endpoint, CallOptions options) => client._keys.FetchAsync(endpoint, options);

        public void Told(V1.WatchResponse response, bool isFirst) => client.Follow(response, isFirst);

        public void Broke(Endpoint endpoint, Exception failure, bool wasOpen)
        {
            client.Failed(failure, endpoint.Address, Interlocked.Increment(ref client._order), wasOpen, client._name);
            if (CallFailure.IsUnreachable(failure))
                client._endpoints.Failed(endpoint);
        }
    }
}
