using Grpc.Core;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Registry;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>What concerns a device, when it happens.</summary>
internal sealed partial class DecisionEndpoint
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(10);

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        RequestLimits.CheckDeviceId(request.DeviceId);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        string device = Subject(request.DeviceId, registry.Current, context);
        CallerLoad load = context.GetHttpContext().CallerConnection().Load;
        using PdpMetrics.Watching watching = metrics.Watch();
        using DeviceWatchers.Watch ofDevice = registry.Watchers.Begin(device);
        DeviceWatchers.Watch ofCaller = registry.Watchers.Begin(context.GetHttpContext().Caller().Name);
        var watched = new WatchedDevice(device, request.Statements);
        try
        {
            while (true)
            {
                // The signals are taken before the look: a change after the look completes a signal that is already held.
                Task rulesChanged = callers.Next;
                // Asked each time: the caller may have lost its role or its certificate since, or have become another's, and the device may have been revoked or moved to another site.
                ofCaller = ofCaller.Of(access.Check(context).Name);
                (Task deviceChanged, Task callerChanged) = (ofDevice.Next, ofCaller.Next);
                (DeviceRegistry devices, bool isAway) = Devices();
                if (Subject(request.DeviceId, devices, context) != device)
                    throw new RpcException(new Status(StatusCode.PermissionDenied, $"the certificate that watched {device} is another's now"));
                if (news.Of(watched, devices, isAway, load) is { } told)
                {
                    // A reader that does not keep up holds this write, and with it this one loop: nothing queues up. One that takes nothing loses its connection (Admission.Keep).
                    await responseStream.WriteAsync(told, context, ending.Token);
                }
                using var turn = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                // Each by itself ends with the turn: what waits on a signal that may never come would stay with it.
                Task[] signals = [revisions.WaitForOther(watched.Status!, device, turn.Token), deviceChanged.WaitAsync(turn.Token), callerChanged.WaitAsync(turn.Token), rulesChanged.WaitAsync(turn.Token)];
                await Task.WhenAny(watched.StatementDue is { } due ? [.. signals, Task.Delay(Until(due), clock, turn.Token)] : signals);
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
        finally
        {
            ofCaller.Dispose();
        }
    }

    /// <summary>How long it is until a moment. A timer may end a little before its time: it is then set anew, and not at once.</summary>
    private TimeSpan Until(DateTimeOffset due)
    {
        TimeSpan wait = due - clock.GetUtcNow();
        return wait > ShortestWait ? wait : ShortestWait;
    }
}
