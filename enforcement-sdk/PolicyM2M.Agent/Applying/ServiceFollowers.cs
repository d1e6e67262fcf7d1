using System.Collections.Immutable;
using System.Threading.Channels;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent.Applying;

/// <summary>
/// Keeps all services at what is decided, each for itself: a command that hangs holds up neither the other services nor the next decision. What is decided while one is busy waits for it, and only the
/// newest does. Safe for all threads.
/// </summary>
internal sealed class ServiceFollowers
{
    private readonly ImmutableArray<Line> _lines;

    private ServiceFollowers(ImmutableArray<Line> lines) => _lines = lines;

    public static ServiceFollowers Of(AgentConfiguration configuration, Sightings seen) => new([.. configuration.Services.Select(service =>
        new Line(service, new ServiceFollower(service, new PendingMark(configuration.State, service.Name), new ServiceInputs(configuration.State, service), seen)))]);

    /// <summary>Has them brought to what is decided, and does not wait for that.</summary>
    public void Follow(ImmutableArray<DeviceDecision> decisions)
    {
        foreach (Line line in _lines)
            line.Newest.Writer.TryWrite(decisions);
    }

    /// <summary>Brings them there until it is ended. A task for each service; none completes before, but by a failure that is ours.</summary>
    public IEnumerable<Task> Run(CancellationToken ending) => [.. _lines.Select(line => line.RunAsync(ending))];

    /// <summary>One service and what it is to be brought to next.</summary>
    private sealed record Line(ManagedService Service, ServiceFollower Follower)
    {
        public Channel<ImmutableArray<DeviceDecision>> Newest { get; } =
            Channel.CreateBounded<ImmutableArray<DeviceDecision>>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public async Task RunAsync(CancellationToken ending)
        {
            await foreach (ImmutableArray<DeviceDecision> decisions in Newest.Reader.ReadAllAsync(ending))
                await Follower.FollowAsync(ServiceEmission.Of(Service, decisions), ending);
        }
    }
}
