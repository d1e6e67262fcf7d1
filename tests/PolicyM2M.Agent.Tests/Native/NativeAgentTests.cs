using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using PolicyM2M.Agent.Bundles;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Compiler;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests.Native;

/// <summary>The agent as machine code: small, and the same on both machines.</summary>
internal sealed partial class NativeAgentTests
{
    private const long MostBytes = 15_000_000;

    private const long MostKilobytesIdle = 30 * 1024;

    private const long MostKilobytesWithDevices = 40 * 1024;

    private const long LeastGivenBack = 1_024;

    private const int Devices = 1_000;

    private const long Now = 1_795_608_000;

    [Test]
    public void The_program_is_small_on_both_machines()
    {
        Assert.That(new FileInfo(PublishedAgent.Here()).Length, Is.LessThanOrEqualTo(MostBytes));
        Assert.That(new FileInfo(PublishedAgent.OnArm64().Program).Length, Is.LessThanOrEqualTo(MostBytes));
    }

    [Test]
    public async Task The_daemon_that_waits_is_small_in_memory()
    {
        using var plant = new Plant(Devices);
        // A thousand calls one after the other come within a second or two.
        await plant.StartPdpAsync("--rate", "10000");
        RunningProcess agent = plant.StartGateway(AsItsUnitDoes(), callers: $$"""[ { "user": "{{SystemAccounts.Own()}}", "devices": ["self", "*"] } ]""");
        await agent.NextLineAsync(line => line.StartsWith("decision: rotation allow, live", StringComparison.Ordinal), "live decision");
        long idle = await AtRestAsync(agent), peak = KilobytesOf(agent, "VmHWM");
        using LocalClient client = plant.LocalClient();
        for (int i = 0; i < Devices; i++)
        {
            DecideResponse response = await client.Service.DecideAsync(new DecideRequest { DeviceId = Plant.DeviceName(i), Form = DecisionForm.Signed });
            Assert.That(response.SignedDecisions, Has.Count.EqualTo(3));
        }
        long full = KilobytesOf(agent);
        await TestContext.Out.WriteLineAsync($"VmRSS idle {idle} kB, with the decisions of {Devices} devices {full} kB");
        Assert.That(idle, Is.LessThanOrEqualTo(MostKilobytesIdle));
        Assert.That(idle, Is.LessThan(peak - LeastGivenBack), "what only the start needed is given back");
        Assert.That(full, Is.LessThanOrEqualTo(MostKilobytesWithDevices));
    }

    [Test]
    public async Task On_arm64_decisions_outlive_the_decision_point_as_long_as_they_may()
    {
        (string emulator, string program) = PublishedAgent.OnArm64();
        await OutageStory.TellAsync(new ProgramStart(emulator, [program]), windows: (15, 45));
    }

    [Test]
    public void A_bundle_made_here_says_the_same_on_arm64_for_the_whole_common_workload()
    {
        (string emulator, string program) = PublishedAgent.OnArm64();
        using var folder = new TemporaryFolder();
        string benchmarks = typeof(NativeAgentTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "BenchmarksAssembly").Value!;
        FinishedProcess.Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [benchmarks, "workload", "1000", folder["set"]]).Succeeded();
        string contexts = folder["contexts.jsonl"], bundle = folder["set.m2mb"];
        File.Move(folder["set/contexts.jsonl"], contexts);
        File.Delete(folder["set/expected.jsonl"]);
        SourceFile[] sources = [.. Directory.GetFiles(folder["set"]).Select(path => new SourceFile(Path.GetFileName(path), File.ReadAllText(path)))];
        File.WriteAllBytes(bundle, PolicyCompiler.Compile(sources).Bytes.ToArray());

        using var here = new StringWriter();
        CheckBundle.Run(bundle, contexts, DateTimeOffset.FromUnixTimeSeconds(Now), here);
        string there = FinishedProcess.Run(emulator, [program, "check-bundle", bundle, "--contexts", contexts, "--now", Now.ToString(CultureInfo.InvariantCulture)]).Succeeded().Output;
        Assert.That(here.ToString().Split('\n'), Has.Length.GreaterThan(2_000));
        Assert.That(there, Is.EqualTo(here.ToString()));
    }

    /// <summary>With the environment that the unit for systemd gives it: the collector has no other way to be told how much the heap may grow.</summary>
    private static ProgramStart AsItsUnitDoes()
    {
        string unit = File.ReadAllText(Path.Combine(ProjectFolder.RepositoryRootOf(typeof(NativeAgentTests).Assembly), "deploy", "systemd", "policym2m-agent.service"));
        string[] environment = [.. unit.Split('\n').Where(line => line.StartsWith("Environment=", StringComparison.Ordinal)).SelectMany(line => line["Environment=".Length..].Split(' '))];
        return new ProgramStart("/usr/bin/env", [.. environment, PublishedAgent.Here()]);
    }

    /// <summary>What it takes when it has given back what its start took, which is two seconds after it.</summary>
    private static async Task<long> AtRestAsync(RunningProcess agent)
    {
        await Task.Delay(TimeSpan.FromSeconds(4));
        for (int i = 0; i < 100 && KilobytesOf(agent) > MostKilobytesIdle; i++)
            await Task.Delay(100);
        return KilobytesOf(agent);
    }

    private static long KilobytesOf(RunningProcess process, string what = "VmRSS") =>
        long.Parse(Memory().Matches(File.ReadAllText($"/proc/{process.Id}/status")).Single(line => line.Groups[1].Value == what).Groups[2].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(Vm\w+):\s*(\d+) kB$", RegexOptions.Multiline)]
    private static partial Regex Memory();
}
