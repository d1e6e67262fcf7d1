using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests;

/// <summary>What a power cut leaves of the key of the store.</summary>
internal sealed class CacheKeyFileTests
{
    [Test]
    public async Task An_agent_starts_where_the_key_is_empty_and_nothing_is_sealed_with_it()
    {
        using var machine = new GatewayFolder();
        foreach (string left in new[] { "state/cache-key", "state/decisions.m2mc" })
            File.WriteAllText(machine[left], "");
        using RunningProcess agent = RunningProcess.Start(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, "run", "--config", machine.Configuration], machine[""]);
        await agent.NextLineAsync(line => line.Contains("answers on", StringComparison.Ordinal), "start");
        Assert.That((new FileInfo(machine["state/cache-key"]).Length, File.GetUnixFileMode(machine["state/cache-key"])), Is.EqualTo((32L, UnixFileMode.UserRead | UnixFileMode.UserWrite)));
    }

    [TestCase("decisions.m2mc")]
    [TestCase("decisions.m2mc.bundle")]
    public void A_key_that_is_empty_beside_what_it_sealed_stays_and_the_remedy_is_told(string store)
    {
        using var machine = new GatewayFolder();
        File.WriteAllText(machine["state/cache-key"], "");
        File.WriteAllText(machine[$"state/{store}"], "sealed");
        string fault = Assert.Throws<CannotRunException>(() => CacheKeyFile.MakeWay(ConfigurationFile.Read(machine.Configuration)))!.Message;
        Assert.That(fault, Does.Contain("is empty, and ").And.EndWith($"rm {machine["state/cache-key"]} {machine[$"state/{store}"]}"));
        Assert.That(File.Exists(machine["state/cache-key"]), Is.True);
    }

    [Test]
    public void A_key_that_is_one_and_a_link_in_its_place_stay()
    {
        using var machine = new GatewayFolder();
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        File.WriteAllBytes(machine["state/elsewhere"], key);
        File.CreateSymbolicLink(machine["state/cache-key"], "elsewhere");
        CacheKeyFile.MakeWay(ConfigurationFile.Read(machine.Configuration));
        Assert.That((File.ReadAllBytes(machine["state/cache-key"]), new FileInfo(machine["state/cache-key"]).LinkTarget), Is.EqualTo((key, "elsewhere")));
        File.WriteAllText(machine["state/elsewhere"], "");
        Assert.That(() => CacheKeyFile.MakeWay(ConfigurationFile.Read(machine.Configuration)), Throws.TypeOf<CannotRunException>());
        Assert.That(File.Exists(machine["state/elsewhere"]), Is.True);
    }
}
