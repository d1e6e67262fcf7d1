using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Health and metrics as probes and Prometheus see them.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class MonitorTests
{
    private readonly HttpClient _http = new();
    private RunningPdp _pdp = null!;

    [SetUp]
    public async Task Start() => _pdp = await RunningPdp.StartAsync(change: WithMonitor);

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [OneTimeTearDown]
    public void StopClient() => _http.Dispose();

    [Test]
    public async Task A_server_that_runs_is_healthy_and_ready()
    {
        Assert.That(await Get("/healthz"), Is.EqualTo((HttpStatusCode.OK, "ok\n")));
        Assert.That(await Get("/readyz"), Is.EqualTo((HttpStatusCode.OK, "ready\n")));
        Assert.That((await Get("/")).Status, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await _http.PostAsync($"{Monitor}/metrics", null)).StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That(_pdp.Log.Lines, Has.Some.EqualTo($"Information: health and metrics are told at {Monitor}"));
    }

    [Test]
    public async Task Connections_that_say_nothing_keep_probes_out_for_seconds_only()
    {
        var address = new Uri(Monitor);
        TcpClient[] silent = [.. Enumerable.Range(0, 64).Select(_ => new TcpClient(address.Host, address.Port))];
        Assert.That(await Task.WhenAll(silent.Select(idle => EndsAsync(idle))), Is.All.True);
        Assert.That(await Get("/healthz"), Is.EqualTo((HttpStatusCode.OK, "ok\n")));
        Array.ForEach(silent, idle => idle.Dispose());
    }

    /// <summary>Whether the server ends a connection, one way or another.</summary>
    private static async Task<bool> EndsAsync(TcpClient idle)
    {
        try
        {
            return await idle.GetStream().ReadAsync(new byte[1], TestContext.CurrentContext.CancellationToken) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    [Test]
    public async Task Decisions_are_counted_by_kind_outcome_and_form_and_their_signatures_with_their_reuse()
    {
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        var signed = new DecideRequest { Form = DecisionForm.Signed, Kinds = { DecisionKind.CipherSuites }, Attributes = { ["firmware.version"] = new AttributeValue { Text = "2.4.0" } } };
        for (int i = 0; i < 3; i++)
            await device.DecideAsync(new DecideRequest());
        for (int i = 0; i < 4; i++)
            await device.DecideAsync(signed);

        IReadOnlyDictionary<string, double> metrics = await Metrics();

        Assert.That(metrics["""policym2m_pdp_decisions_total{kind="auth",outcome="denied",source="active",form="plain"}"""], Is.EqualTo(3));
        Assert.That(metrics["""policym2m_pdp_decisions_total{kind="rotation",outcome="permitted",source="active",form="plain"}"""], Is.EqualTo(3));
        Assert.That(metrics["""policym2m_pdp_decisions_total{kind="cipher-suites",outcome="permitted",source="active",form="signed"}"""], Is.EqualTo(4));
        Assert.That(metrics.Where(metric => metric.Key.StartsWith("policym2m_pdp_decisions_total", StringComparison.Ordinal)).Sum(metric => metric.Value), Is.EqualTo(13));
        Assert.That((metrics["""policym2m_pdp_signed_total{what="decision"}"""], metrics["""policym2m_pdp_signatures_total{what="decision"}"""]), Is.EqualTo((4, 1)));
        Assert.That((metrics["""policym2m_pdp_signed_total{what="statement"}"""], metrics["""policym2m_pdp_signatures_total{what="statement"}"""]), Is.EqualTo((4, 1)));
        Assert.That((metrics["""policym2m_pdp_signed_again_total{what="decision"}"""], metrics["""policym2m_pdp_signed_again_total{what="statement"}"""]), Is.EqualTo((3, 3)));
        Assert.That((metrics["""policym2m_pdp_answers_total{from="request"}"""], metrics["""policym2m_pdp_answers_total{from="memory"}"""]), Is.EqualTo((4, 3)));
        Assert.That(metrics["policym2m_pdp_decide_duration_seconds_count"], Is.EqualTo(7));
        Assert.That(metrics["""policym2m_pdp_decide_duration_seconds_bucket{le="+Inf"}"""], Is.EqualTo(7));
        Assert.That(metrics["policym2m_pdp_decide_duration_seconds_sum"], Is.Positive);
    }

    [Test]
    public async Task Denials_dropped_claims_watches_and_overloads_are_counted()
    {
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(WithMonitor(_pdp.Options()) with { Callers = new CallerOptions { Limits = new CallLimits { Rate = 5 } } });
        DecisionService.DecisionServiceClient device = _pdp.DecisionsAs("device");
        await device.DecideAsync(new DecideRequest { Attributes = { ["posture.risk"] = new AttributeValue { Integer = 1 } } });
        Assert.That(async () => await _pdp.PoliciesAs("device").GetStatusAsync(new GetStatusRequest()), Throws.InstanceOf<RpcException>());
        using (AsyncServerStreamingCall<WatchResponse> watch = _pdp.DecisionsAs("gateway").Watch(new WatchRequest()))
        {
            Assert.That(await watch.ResponseStream.MoveNext(CancellationToken.None));
            Assert.That((await Metrics())["policym2m_pdp_watchers"], Is.EqualTo(1));
        }
        await RunningPdp.Eventually(Metrics, metrics => metrics["policym2m_pdp_watchers"] == 0);
        int turnedAway = 0;
        for (int i = 0; i < 100; i++)
        {
            try
            {
                await device.DecideAsync(new DecideRequest());
            }
            catch (RpcException)
            {
                turnedAway++;
            }
        }

        IReadOnlyDictionary<string, double> metrics = await Metrics();
        Assert.That(metrics["""policym2m_pdp_denials_total{rpc="/policym2m.v1.PolicyService/GetStatus"}"""], Is.EqualTo(1));
        Assert.That(metrics["""policym2m_pdp_claims_dropped_total{attribute="posture.risk"}"""], Is.EqualTo(1));
        Assert.That((turnedAway > 0, metrics["policym2m_pdp_overloads_total"]), Is.EqualTo((true, (double)turnedAway)));
    }

    [Test]
    public async Task Revisions_their_failures_and_fetches_are_seen()
    {
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(WithMonitor(_pdp.Options()) with { Git = $"file://{_pdp.Git.Path}", Fetch = TimeSpan.FromMilliseconds(100) });
        string first = _pdp.Git.Head;
        IReadOnlyDictionary<string, double> metrics = await Metrics();
        Assert.That(metrics.Keys, Has.Exactly(1).StartsWith($"policym2m_pdp_revision_info{{commit=\"{first}\","));
        Assert.That((metrics["policym2m_pdp_revision_activations_total"], metrics["policym2m_pdp_revision_refused"], metrics["policym2m_pdp_registry_devices"]), Is.EqualTo((1, 0, 4)));

        _pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));
        await RunningPdp.Eventually(Metrics, metrics => metrics["policym2m_pdp_revision_refused"] == 1 && metrics["policym2m_pdp_revision_refusals_total"] == 1);
        _pdp.Git.Commit("Mended", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(Metrics, metrics => metrics["policym2m_pdp_revision_refused"] == 0 && metrics["policym2m_pdp_revision_activations_total"] == 2);

        string away = _pdp.Git.Path + "-away";
        Directory.Move(_pdp.Git.Path, away);
        await RunningPdp.Eventually(Metrics, metrics => metrics["""policym2m_pdp_fetches_total{result="failed"}"""] > 0 && metrics["policym2m_pdp_revision_refused"] == 1);
        Directory.Move(away, _pdp.Git.Path);
        Assert.That((await Metrics())["""policym2m_pdp_fetches_total{result="good"}"""], Is.Positive);
        Assert.That((await Get("/readyz")).Status, Is.EqualTo(HttpStatusCode.OK), "the last good revision serves");
    }

    [Test]
    public async Task What_compiled_bundles_and_a_rehearsal_save_is_seen()
    {
        Assert.That(await Compilations(), Is.EqualTo((1, 0)));
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(WithMonitor(_pdp.Options()));
        Assert.That(await Compilations(), Is.EqualTo((0, 1)), "a restart serves what was kept");

        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Form = DecisionForm.Signed, Kinds = { DecisionKind.CipherSuites }, Attributes = { ["firmware.version"] = new AttributeValue { Text = "2.4.0" } } });
        _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        IReadOnlyDictionary<string, double> metrics = await RunningPdp.Eventually(Metrics, metrics => metrics["policym2m_pdp_revision_activations_total"] == 2);
        Assert.That(await Compilations(), Is.EqualTo((1, 1)));
        Assert.That(metrics["""policym2m_pdp_signatures_total{what="decision"}"""], Is.EqualTo(2), "it was made ready");
        Assert.That((metrics["""policym2m_pdp_signed_total{what="decision"}"""], metrics["""policym2m_pdp_signed_total{what="statement"}"""]), Is.EqualTo((1, 1)), "and not handed out");

        async Task<(double, double)> Compilations()
        {
            IReadOnlyDictionary<string, double> metrics = await Metrics();
            return (metrics["""policym2m_pdp_compilations_total{from="policies"}"""], metrics["""policym2m_pdp_compilations_total{from="disk"}"""]);
        }
    }

    [Test]
    public void A_histogram_has_the_bounds_that_it_was_made_with()
    {
        using var metrics = new PdpMetrics();
        using var reader = new PrometheusReader(metrics);
        Histogram<double> made = metrics.Meter.CreateHistogram("a.wait", "s", "How long.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 50] });
        Histogram<long> plain = metrics.Meter.CreateHistogram<long>("a.number", "{one}", "How many.");
        made.Record(7);
        plain.Record(7);
        Assert.That(reader.Read(), Does.Contain("""
            a_wait_seconds_bucket{le="1"} 0
            a_wait_seconds_bucket{le="50"} 1
            a_wait_seconds_bucket{le="+Inf"} 1
            """.ReplaceLineEndings("\n")).And.Contain("a_number_bucket{le=\"5\"} 0\na_number_bucket{le=\"10\"} 1\n"));
    }

    [Test]
    public async Task Decisions_of_a_canary_are_counted_apart()
    {
        await _pdp.StopServerAsync();
        await _pdp.StartServerAsync(WithMonitor(_pdp.Options()) with { Rollout = Rollouts.RolloutStage.Parse("canary:100") });
        _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(Metrics, metrics => metrics["policym2m_pdp_revision_candidate"] == 1);
        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } });
        Assert.That((await Metrics())["""policym2m_pdp_decisions_total{kind="rotation",outcome="permitted",source="canary",form="plain"}"""], Is.EqualTo(1));
    }

    [Test]
    public async Task The_runtime_is_seen_too_and_every_line_is_of_the_format()
    {
        (_, string page) = await Get("/metrics");
        Assert.That(page, Does.Contain("\ndotnet_process_memory_working_set_bytes ").And.Contain("# TYPE policym2m_pdp_decisions_total counter\n"));
        Assert.That(page.Split('\n')[..^1], Has.All.Match("""^(# (HELP|TYPE) [a-z_0-9]+ .+|[a-z_0-9]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)+\})? [-+0-9.EInf]+)$"""));
    }

    [Test]
    public async Task A_folder_that_is_gone_takes_no_other_measurement_along()
    {
        Assert.That((await Metrics())["policym2m_pdp_audit_free_bytes"], Is.Positive);
        Directory.Move(_pdp.Data.Audit, _pdp.Data.Audit + "-away");
        (HttpStatusCode status, string page) = await Get("/metrics");
        Directory.Move(_pdp.Data.Audit + "-away", _pdp.Data.Audit);
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), page);
        Assert.That(page, Does.Contain("\npolicym2m_pdp_audit_writable ").And.Not.Contain("\npolicym2m_pdp_audit_free_bytes "));
    }

    [Test]
    public void To_count_a_decision_makes_no_garbage()
    {
        PdpMetrics metrics = _pdp.Server.Services.GetRequiredService<PdpMetrics>();
        var decider = _pdp.Server.Services.GetRequiredService<Revisions.RevisionState>().Current.Active.Decider;
        var nothing = decider.Prepare(Engine.Contexts.DeviceContext.Of([]));
        (Engine.Decision, Engine.Regions.Region)[] decisions = [(decider.Decide(Engine.Vocabulary.DecisionKind.Rotation, nothing, TimeProvider.System.GetUtcNow()), null!)];
        Count(1_000);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Count(10_000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Count(int times)
        {
            for (int i = 0; i < times; i++)
            {
                metrics.Decided(decisions, isCanary: false, isSigned: true, TimeSpan.FromMicroseconds(30));
                metrics.Denied("/policym2m.v1.DecisionService/Decide");
                metrics.Overloaded();
            }
        }
    }

    [Test]
    public async Task Every_series_has_a_description_and_the_names_of_the_field()
    {
        PdpMetrics metrics = _pdp.Server.Services.GetRequiredService<PdpMetrics>();
        Assert.That(metrics.Instruments.Select(instrument => instrument.Name), Is.Unique.And.All.Match(@"^policym2m\.pdp(\.[a-z]+)+$"));
        Assert.That(metrics.Instruments.Select(instrument => instrument.Description), Has.All.Not.Empty);
        string page = (await Get("/metrics")).Body;
        foreach (Instrument instrument in metrics.Instruments)
            Assert.That(page, Does.Contain($"# TYPE {PrometheusText.NameOf(instrument)} "));
    }

    private string Monitor => _pdp.Server.Services.GetRequiredService<MonitorListener>().Address;

    internal static PdpOptions WithMonitor(PdpOptions options) => options with { Sight = new SightOptions { Monitor = new IPEndPoint(IPAddress.Loopback, 0) } };

    private async Task<(HttpStatusCode Status, string Body)> Get(string path)
    {
        using HttpResponseMessage response = await _http.GetAsync(Monitor + path);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<IReadOnlyDictionary<string, double>> Metrics() => (await Get("/metrics")).Body
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture), StringComparer.Ordinal);
}
