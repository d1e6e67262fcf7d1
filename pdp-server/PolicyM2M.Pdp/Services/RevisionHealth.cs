using Microsoft.Extensions.Diagnostics.HealthChecks;
using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Services;

/// <summary>SERVING where a revision is active. A newer commit that cannot be served is for GetStatus to tell: answers are still given.</summary>
internal sealed class RevisionHealth(RevisionState revisions) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(HealthCheckResult.Healthy($"serving {revisions.Current.Active.CommitId}"));
}
