using System.Text.Json;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests;

/// <summary>The product in one story: from a commit to a device, and on when the network dies.</summary>
internal sealed class WholePathTests
{
    [Test]
    public async Task A_device_gets_its_decision_from_a_policy_in_Git_and_keeps_it_while_the_decision_point_is_gone()
    {
        using var plant = new Plant();
        RunningProcess pdp = await plant.StartPdpAsync();
        RunningProcess agent = plant.StartAgent("--interval", "1");

        JsonElement first = await Plant.NextAsync(agent, "live decision", d => Source(d) == "live");
        Assert.That((Suites(first), Commit(first)), Is.EqualTo(("TLS_AES_128_GCM_SHA256", plant.Head)));

        string second = plant.Commit(Plant.Policy("TLS_AES_256_GCM_SHA384"));
        JsonElement changed = await Plant.NextAsync(agent, "decision of the new commit", d => Commit(d) == second);
        Assert.That((Suites(changed), Source(changed)), Is.EqualTo(("TLS_AES_256_GCM_SHA384", "live")));

        string broken = plant.Commit("policy plant\ncipher-suites { otherwise use { versions 1.3 suites TLS_NONSENSE } }\n");
        await pdp.NextLineAsync(line => line.Contains("M2M204", StringComparison.Ordinal), "diagnostic of the broken commit");
        GetStatusResponse status = await plant.StatusAsync();
        Assert.That((status.Active.CommitId, status.Refused.CommitId), Is.EqualTo((second, broken)));
        Assert.That(status.Refused.Diagnostics.Select(d => (d.Code, d.File, d.Line, d.Column)), Is.EqualTo([("M2M204", "plant.m2m", 2, 53)]));

        await pdp.KillAsync();
        JsonElement cached = await Plant.NextAsync(agent, "cached decision", d => Source(d) == "cached");
        JsonElement stale = await Plant.NextAsync(agent, "stale decision", d => Source(d) == "stale");
        foreach (JsonElement kept in new[] { cached, stale })
            Assert.That((Suites(kept), Commit(kept)), Is.EqualTo(("TLS_AES_256_GCM_SHA384", second)));
        JsonElement denied = await Plant.NextAsync(agent, "denial", d => Source(d) == "denied");
        Assert.That(denied.GetProperty("deny").GetString(), Does.Contain("usable until"));

        string mended = plant.Commit(Plant.Policy("TLS_CHACHA20_POLY1305_SHA256"));
        await plant.StartPdpAsync();
        JsonElement recovered = await Plant.NextAsync(agent, "live decision after the restart", d => Source(d) == "live");
        Assert.That((Suites(recovered), Commit(recovered)), Is.EqualTo(("TLS_CHACHA20_POLY1305_SHA256", mended)));
        Assert.That((await plant.StatusAsync()).Refused, Is.Null);
        Assert.That(await agent.TerminateAsync(), Is.Zero, "SIGTERM ends an agent cleanly");
    }

    [Test]
    public async Task An_agent_that_starts_while_the_decision_point_is_gone_goes_by_what_it_kept()
    {
        using var plant = new Plant();
        plant.Commit(Plant.Policy("TLS_AES_128_GCM_SHA256", freshSeconds: 3600, usableSeconds: 7200));
        RunningProcess pdp = await plant.StartPdpAsync();
        JsonElement live = await Plant.NextAsync(plant.StartAgent("--once"), "live decision", _ => true);
        await pdp.KillAsync();
        JsonElement kept = await Plant.NextAsync(plant.StartAgent("--once"), "kept decision", _ => true);
        Assert.That((Source(live), Source(kept), Commit(kept)), Is.EqualTo(("live", "cached", plant.Head)));
    }

    private static string? Source(JsonElement decision) => decision.GetProperty("source").GetString();

    private static string? Commit(JsonElement decision) =>
        decision.GetProperty("revision") is { ValueKind: JsonValueKind.Object } revision ? revision.GetProperty("commit").GetString() : null;

    private static string Suites(JsonElement decision) => string.Join(",", decision.GetProperty("outcome").GetProperty("suites").EnumerateArray().Select(suite => suite.GetString()));
}
