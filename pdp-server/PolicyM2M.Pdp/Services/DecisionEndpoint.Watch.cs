using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Registry;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>What concerns a device, when it happens.</summary>
internal sealed partial class DecisionEndpoint
{
    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        RequestLimits.CheckDeviceId(request.DeviceId);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        string device = Subject(request.DeviceId, registry.Current, context);
        string caller = context.GetHttpContext().Caller().Name;
        CallerLoad load = context.GetHttpContext().Features.GetRequiredFeature<CallerLoad>();
        using PdpMetrics.Watching watching = metrics.Watch();
        using DeviceWatchers.Watch ofDevice = registry.Watchers.Begin(device), ofCaller = registry.Watchers.Begin(caller);
        (RevisionStatus? Status, long Device) told = default;
        try
        {
            while (true)
            {
                // The signals are taken before the look: a change after the look completes a signal that is already held.
                (Task deviceChanged, Task callerChanged) = (ofDevice.Next, ofCaller.Next);
                DeviceRegistry devices = registry.Current;
                // Asked each time: the caller may have lost its role or its certificate since, and the device may have been revoked or moved to another site.
                access.Check(context);
                Subject(request.DeviceId, devices, context);
                (RevisionStatus Status, long Device) now = (revisions.Current, devices.Find(device)?.Version ?? 0);
                if (told.Status is null || now.Device != told.Device || now.Status.TellsOtherThan(told.Status, device))
                {
                    // A reader that does not keep up holds this write, and with it this one loop: nothing queues up. One that takes nothing loses its connection (Admission.Keep).
                    await responseStream.WriteAsync(News(told.Status, now.Status, device, now.Device, load), ending.Token);
                    told = now;
                }
                using var turn = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                // Each by itself ends with the turn: what waits on a signal that may never come would stay with it.
                await Task.WhenAny(revisions.WaitForOther(now.Status, device, turn.Token), deviceChanged.WaitAsync(turn.Token), callerChanged.WaitAsync(turn.Token));
                await turn.CancelAsync();
                ending.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the decision point is shutting down"));
        }
        catch (OperationCanceledException)
        {
            // The caller hung up, which is how a watch ends.
        }
    }

    /// <summary>What a device is told. Where it was told of another revision before, also which of its decisions hold on: for these it need not ask again.</summary>
    private WatchResponse News(RevisionStatus? told, RevisionStatus status, string device, long version, CallerLoad caller)
    {
        ActiveRevision revision = status.For(device);
        AnsweringRevision answering = status.Answering(revision);
        var news = new WatchResponse { Revision = answering.ToWire(), NeededAttributes = { status.NeededClaims }, DeviceVersion = (ulong)version };
        if (told is not null && told.Answering(told.For(device)) != answering)
            news.UnchangedDecisions.AddRange(given.Unchanged(caller, device, revision.Bundle, clock.GetUtcNow()).Select(signed => signed.Digest));
        return news;
    }
}
