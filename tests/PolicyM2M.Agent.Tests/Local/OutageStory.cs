using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>What a local program is told while the decision point comes and goes.</summary>
internal static class OutageStory
{
    /// <param name="start">How the agent is started.</param>
    /// <param name="windows">For how many seconds a decision is fresh, and usable; null for those of the plant. Each must be longer than an agent may take from one look to the next, or it is over unseen.</param>
    public static async Task TellAsync(ProgramStart start, (int Fresh, int Usable)? windows = null)
    {
        using var plant = new Plant();
        if (windows is { } longer)
            plant.Commit(Plant.Policy("TLS_AES_128_GCM_SHA256", longer.Fresh, longer.Usable));
        RunningProcess pdp = await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(start, "\"mode\": \"ask\", \"interval\": 1");
        await agent.NextLineAsync(line => line.Contains("cipher-suites allow, live", StringComparison.Ordinal), "live decision");
        using LocalClient client = plant.LocalClient();
        Assert.That(Suite(await client.DecideAsync()), Is.EqualTo("TLS_AES_128_GCM_SHA256"));

        await pdp.KillAsync();
        await agent.NextLineAsync(line => line.Contains("cipher-suites allow, stale", StringComparison.Ordinal), "stale decision");
        await agent.NextLineAsync(line => line.Contains("cipher-suites deny, denied: ", StringComparison.Ordinal), "denial");
        Decision denied = await client.DecideAsync();
        Assert.That(denied.Denial?.Reason, Does.Contain("cannot be reached"));
        Assert.That(denied.Revision, Is.Null);

        plant.Commit(Plant.Policy("TLS_AES_256_GCM_SHA384"));
        await plant.StartPdpAsync();
        await agent.NextLineAsync(line => line.Contains("cipher-suites allow, live", StringComparison.Ordinal), "live decision after the restart");
        Assert.That(Suite(await client.DecideAsync()), Is.EqualTo("TLS_AES_256_GCM_SHA384"));
        Assert.That(await agent.TerminateAsync(), Is.Zero, agent.Transcript);
    }

    private static string Suite(Decision decision) => decision.CipherSuites?.Suites.Items.Single().Name ?? $"deny: {decision.Denial?.Reason}";
}
