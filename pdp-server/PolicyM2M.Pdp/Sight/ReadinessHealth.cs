using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PolicyM2M.Pdp.Sight;

/// <summary>The health of gRPC: SERVING where the server is ready. A newer commit that cannot be served is for GetStatus to tell: answers are still given.</summary>
internal sealed class ReadinessHealth(Readiness readiness) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(readiness.WhyNot() is [_, ..] reasons ? HealthCheckResult.Unhealthy(string.Join("; ", reasons)) : HealthCheckResult.Healthy());
}
