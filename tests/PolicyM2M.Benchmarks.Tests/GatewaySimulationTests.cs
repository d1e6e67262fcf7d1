using PolicyM2M.Benchmarks.Devices;

namespace PolicyM2M.Benchmarks.Tests;

/// <summary>What makes a gateway worth having: devices whose contexts drift are answered from few regions.</summary>
internal sealed class GatewaySimulationTests
{
    [Test]
    public void A_cache_by_regions_needs_at_least_ten_times_fewer_calls_than_one_by_exact_contexts()
    {
        GatewaySimulation.Counts counts = GatewaySimulation.Run(count: 1_000, minutes: 60);
        Assert.That(counts.Asked, Is.EqualTo(1_000 * 60));
        Assert.That(counts.TimesFewer, Is.AtLeast(GatewaySimulation.FewerCalls), $"{counts}");
    }
}
