using Grpc.Core;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Registry;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>What concerns the devices of a gateway, over one call.</summary>
internal sealed partial class DecisionEndpoint
{
    private static readonly TimeSpan LooksAgainWithoutRegistry = TimeSpan.FromMinutes(1);

    public override async Task WatchDevices(IAsyncStreamReader<WatchDevicesRequest> requestStream, IServerStreamWriter<WatchDevicesResponse> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        CallerLoad load = context.GetHttpContext().CallerConnection().Load;
        using PdpMetrics.Watching watching = metrics.Watch();
        using var watched = new WatchedDevices(registry.Watchers);
        var added = new Queue<string>();
        Task<bool>? reading = null;
        Task superseded = revisions.Next;
        try
        {
            // One word a turn. A reader that does not keep up holds its write, and with it this one loop: what changes meanwhile is noted once for each device, and is told before the rest of a round, and before what
            // was added.
            while (true)
            {
                // The signals are taken before the look: a change after the look completes a signal that is already held.
                Task rulesChanged = callers.Next;
                // Asked each time: the caller may have lost its role or its certificate since, or have become another's, and a slow reader makes a round of two thousand last.
                watched.Follow(access.Check(context).Name);
                Subject("", registry.Current, context);
                (Task changed, Task next) = (watched.Changed, revisions.Next);
                if (next != superseded)
                    watched.LookAtAll();
                superseded = next;
                if (watched.Next() is { } device)
                {
                    await Write(Look(device, watched, load, context));
                    continue;
                }
                bool isBeyondRate = added.Count > 0 && load.Charge(1) is not null;
                if (added.Count > 0 && !isBeyondRate)
                {
                    await Write(Add(added.Dequeue(), watched, load, context));
                    continue;
                }
                // Last, since they are due well before anybody misses them.
                if (watched.LookAtDue(clock.GetUtcNow()))
                    continue;
                // Not before all of the last message is seen to: what a caller sends faster waits in its own connection.
                if (added.Count == 0)
                    reading ??= requestStream.MoveNext(ending.Token);

                using var turn = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                List<Task> signals = [changed.WaitAsync(turn.Token), superseded.WaitAsync(turn.Token), rulesChanged.WaitAsync(turn.Token)];
                if (reading is not null)
                    signals.Add(reading);
                if (isBeyondRate)
                    signals.Add(Task.Delay(CallLimits.AfterOverload, clock, turn.Token));
                if (watched.NextStatement is { } due)
                    signals.Add(Task.Delay(Until(due), clock, turn.Token));
                await Task.WhenAny(signals);
                await turn.CancelAsync();
                ending.Token.ThrowIfCancellationRequested();
                if (reading is not { IsCompleted: true })
                    continue;
                if (!await reading)
                    return;
                Take(requestStream.Current, watched, added);
                reading = null;
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
            await ending.CancelAsync();
            if (reading is not null)
                await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Task Write(WatchDevicesResponse? told) => told is null ? Task.CompletedTask : responseStream.WriteAsync(told, context, ending.Token);
    }

    /// <summary>Takes in a message; what it adds is seen to one by one.</summary>
    private static void Take(WatchDevicesRequest request, WatchedDevices watched, Queue<string> added)
    {
        if (request.Added.Count > WatchedDevices.Most || request.Removed.Count > WatchedDevices.Most)
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"one message adds or removes at most {WatchedDevices.Most} devices"));
        foreach (string id in request.Removed)
            watched.Remove(id);
        foreach (string id in request.Added)
            added.Enqueue(id);
    }

    private WatchDevicesResponse? Add(string id, WatchedDevices watched, CallerLoad load, ServerCallContext context)
    {
        try
        {
            RequestLimits.CheckDeviceId(id);
        }
        catch (RpcException refusal)
        {
            return Fault(id, refusal.Status);
        }
        if (id.Length == 0)
            return Fault(id, new Status(StatusCode.InvalidArgument, "a device to watch has an id"));
        if (watched.IsFull)
            return Fault(id, new Status(StatusCode.ResourceExhausted, $"{WatchedDevices.Most} devices are watched over this call"));
        return watched.Add(id) is { } device ? Look(device, watched, load, context) : null;
    }

    /// <summary>What there is to tell of a device now; null for nothing. One that the caller may not speak for, or no longer, is watched no longer.</summary>
    private WatchDevicesResponse? Look(WatchedDevice device, WatchedDevices watched, CallerLoad load, ServerCallContext context)
    {
        try
        {
            (DeviceRegistry devices, bool isAway) = Devices();
            Subject(device.Id, devices, context);
            return news.Of(device, devices, isAway, load) is { } told ? new WatchDevicesResponse { DeviceId = device.Id, News = told } : null;
        }
        catch (SiteUnknownException)
        {
            // Nobody knows whether it may, now. When the registry is back all are looked at again; a statement that is due waits so long, and is not looked for without end.
            if (device.StatementDue is not null)
                device.StatementDue = clock.GetUtcNow() + LooksAgainWithoutRegistry;
            return null;
        }
        catch (RpcException refusal)
        {
            watched.Remove(device.Id);
            return Fault(device.Id, refusal.Status);
        }
    }

    private static WatchDevicesResponse Fault(string id, Status status) => new() { DeviceId = id, Fault = new WatchFault { Code = (int)status.StatusCode, Message = status.Detail } };
}
