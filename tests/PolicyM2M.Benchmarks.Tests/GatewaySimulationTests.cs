using PolicyM2M.Benchmarks.Devices;

namespace PolicyM2M.Benchmarks.Tests;

/// <summary>What the measurement of a gateway comes to, on a smaller one.</summary>
internal sealed class GatewaySimulationTests
{
    [Test]
    public void A_gateway_that_is_told_statements_needs_a_tenth_of_the_calls_of_an_exact_cache()
    {
        // A region's decisions are asked for anew by whoever comes first, however many devices share them: so many of one model are as the thousand of twelve.
        GatewaySimulation.Counts counts = GatewaySimulation.Run(100, 180, kinds: 1);
        Assert.That(counts.TimesFewer, Is.AtLeast(GatewaySimulation.FewerCalls), $"{counts}");
        Assert.That(counts.Told, Is.AtLeast(200), "each device's numbers change with the second hour, and with the third");
    }
}
