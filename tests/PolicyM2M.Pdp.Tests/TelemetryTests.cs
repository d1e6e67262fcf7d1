using System.Text.Json;
using Grpc.Core;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What leaves the server about itself: to a collector, and into the log.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class TelemetryTests
{
    private const string Secret = "hunter2-is-nobodys-business";

    [Test]
    public async Task Metrics_traces_and_logs_reach_a_collector_by_OTLP()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Sight = new SightOptions { Otlp = collector.Address } });
        // The caller keeps this trace, so that its span is none of the many that are left out.
        await pdp.DecisionsAs("device").DecideAsync(new DecideRequest(), new Metadata { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } });
        string commit = pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(async () => await pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), status => status.Active.CommitId == commit);

        // What is still held back is sent at the end.
        await pdp.StopServerAsync();

        Assert.That(collector.Texts("metrics"), Does.Contain("policym2m.pdp.decisions").And.Contain("policym2m.pdp.decide.duration").And.Contain("policym2m-pdp")
            .And.Contain("dotnet.process.memory.working_set"));
        Assert.That(collector.Texts("trace"), Does.Contain("decide").And.Contain("activate").And.Contain(commit));
        Assert.That(collector.Texts("logs"), Has.Some.EqualTo($"serving the policy set test-fleet of {commit[..12]} (Shorter)"));
    }

    [Test]
    public async Task A_collector_that_is_away_is_nobody_s_trouble()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Sight = new SightOptions { Otlp = new Uri("http://127.0.0.1:9") } });
        Assert.That((await pdp.DecisionsAs("device").DecideAsync(new DecideRequest())).Decisions, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task The_log_is_JSON_where_that_is_asked_for_and_no_secret_is_in_it()
    {
        using var secrets = new TemporaryFolder();
        string webhook = secrets.Write("webhook", Secret), token = secrets.Write("token", Secret);
        string database = secrets.Write("database", $"Host=127.0.0.1;Port=9;Database=policym2m;Username=pdp;Password={Secret}");
        using PdpProcess pdp = await PdpProcess.StartAsync("--log-format", "json", "--monitor", "127.0.0.1:0", "--drain", "0",
            "--registry-db", $"postgres-file:{database}", "--git-token", token,
            "--webhook", "127.0.0.1:0", "--webhook-secret", webhook);
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Process.Transcript), text => text.Contains("the registry cannot be reached", StringComparison.Ordinal));
        using var http = new HttpClient();
        string ready = await http.GetStringAsync($"{pdp.Monitor}/metrics") + await (await http.GetAsync($"{pdp.Monitor}/readyz")).Content.ReadAsStringAsync();
        await pdp.Process.TerminateAsync();

        string[] log = [.. pdp.Process.Transcript.Split('\n').Where(line => line.StartsWith('{'))];
        Assert.That(log, Has.Length.GreaterThan(3));
        foreach (string line in log)
            Assert.That(JsonDocument.Parse(line).RootElement.GetProperty("Timestamp").GetDateTimeOffset(), Is.GreaterThan(DateTimeOffset.UnixEpoch));
        Assert.That(pdp.Process.Transcript + ready, Does.Not.Contain(Secret).And.Not.Contain("PRIVATE KEY"));
        Assert.That(ready, Does.Contain("not ready: the device registry cannot be reached\n"));
    }
}
