using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>NOT_SERVING while nothing may be answered, since nothing can be recorded.</summary>
internal sealed class AuditHealth(AuditTrail audit) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            audit.Demand();
            return Task.FromResult(HealthCheckResult.Healthy());
        }
        catch (Grpc.Core.RpcException refusal)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy(refusal.Status.DebugException?.Message));
        }
    }
}
