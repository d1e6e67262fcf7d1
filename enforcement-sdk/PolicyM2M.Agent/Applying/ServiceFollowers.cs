using System.Collections.Immutable;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent.Applying;

/// <summary>Keeps all services at what is decided, one after the other.</summary>
internal sealed class ServiceFollowers
{
    private readonly (ManagedService Service, ServiceFollower Follower)[] _followers;

    private ServiceFollowers((ManagedService, ServiceFollower)[] followers) => _followers = followers;

    public static ServiceFollowers Of(AgentConfiguration configuration, Sightings seen) =>
        new([.. configuration.Services.Select(service => (service, new ServiceFollower(service, new PendingMark(configuration.State, service.Name), new ServiceInputs(configuration.State, service), seen)))]);

    /// <summary>Brings them there.</summary>
    public async Task FollowAsync(ImmutableArray<DeviceDecision> decisions, CancellationToken ending)
    {
        foreach ((ManagedService service, ServiceFollower follower) in _followers)
            await follower.FollowAsync(ServiceEmission.Of(service, decisions), ending);
    }
}
