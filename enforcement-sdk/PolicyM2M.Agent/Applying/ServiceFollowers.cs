using System.Collections.Immutable;
using System.Threading.Channels;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent.Applying;

/// <summary>
/// Keeps all services at what is decided, each for itself: a command that hangs holds up neither the other services nor the next decision. What is decided while one is busy waits for it, and only the
/// newest does; a denial waits for no command that has the service take its files. Safe for all threads.
/// </summary>
internal sealed class ServiceFollowers
{
    private readonly ImmutableArray<Line> _lines;

    private ServiceFollowers(ImmutableArray<Line> lines) => _lines = lines;

    /// <param name="configuration">Which services there are.</param>
    /// <param name="seen">Told what became of them.</param>
    /// <param name="now">The time, by which revocation lists have their ages.</param>
    public static ServiceFollowers Of(AgentConfiguration configuration, Sightings seen, Func<DateTimeOffset> now) => new([.. configuration.Services.Select(service =>
        new Line(service, new ServiceFollower(service, new PendingMark(configuration.State, service.Name), new ServiceInputs(configuration.State, service), seen), new ServiceLists(service, now)))]);

    /// <summary>Has them brought to what is decided, and does not wait for that.</summary>
    public void Follow(ImmutableArray<DeviceDecision> decisions)
    {
        foreach (Line line in _lines)
            line.Follow(decisions);
    }

    /// <summary>Brings them there until it is ended. A task for each service; none completes before, but by a failure that is ours.</summary>
    public IEnumerable<Task> Run(CancellationToken ending) => [.. _lines.Select(line => line.RunAsync(ending))];

    /// <summary>One service and what it is to be brought to next.</summary>
    private sealed class Line(ManagedService service, ServiceFollower follower, ServiceLists lists)
    {
        private readonly Channel<ImmutableArray<DeviceDecision>> _newest =
            Channel.CreateBounded<ImmutableArray<DeviceDecision>>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        private readonly Lock _lock = new();
        private CancellationTokenSource? _underWay;

        public void Follow(ImmutableArray<DeviceDecision> decisions)
        {
            _newest.Writer.TryWrite(decisions);
            if (!ServiceEmission.IsDenied(decisions))
                return;
            lock (_lock)
                _underWay?.Cancel();
        }

        public async Task RunAsync(CancellationToken ending)
        {
            await foreach (ImmutableArray<DeviceDecision> decisions in _newest.Reader.ReadAllAsync(ending))
            {
                using var denied = new CancellationTokenSource();
                Under(denied);
                try
                {
                    await follower.FollowAsync(ServiceEmission.Of(service, decisions, lists), ending, denied.Token);
                }
                finally
                {
                    Under(null);
                }
            }
        }

        private void Under(CancellationTokenSource? way)
        {
            lock (_lock)
                _underWay = way;
        }
    }
}
