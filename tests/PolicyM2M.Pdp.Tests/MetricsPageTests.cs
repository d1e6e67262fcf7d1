using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What is written about metrics, held against a server that runs.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed partial class MetricsPageTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(ProjectFolder.Of(typeof(MetricsPageTests).Assembly), "../.."));

    private RunningPdp _pdp = null!;
    private string _scraped = "";

    [OneTimeSetUp]
    public async Task Scrape()
    {
        _pdp = await RunningPdp.StartAsync(change: MonitorTests.WithMonitor);
        using (var authority = TestAuthority.Load(_pdp.Data.Certificate("ca"), _pdp.Data.Key("ca")))
            authority.WriteCrl(Path.Combine(_pdp.Data.Crl, "own.crl"));
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines), lines => lines.Any(line => line.Contains("is in force", StringComparison.Ordinal)));
        // A label is seen where there is something to label.
        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Attributes = { ["posture.risk"] = new AttributeValue { Integer = 1 } } });
        using var http = new HttpClient();
        _scraped = await http.GetStringAsync($"{_pdp.Server.Services.GetRequiredService<MonitorListener>().Address}/metrics");
    }

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public void The_page_of_metrics_is_that_of_the_server()
    {
        string path = Path.Combine(Root, "docs/metrics.md"), page = File.ReadAllText(path);
        int begin = page.IndexOf("| metric |", StringComparison.Ordinal), end = page.IndexOf("\n\n", begin, StringComparison.Ordinal) + 1;
        string table = Table();
        if (Environment.GetEnvironmentVariable(Snapshot.AcceptVariable) == "1" && Environment.GetEnvironmentVariable("CI") != "true")
            File.WriteAllText(path, page[..begin] + table + page[end..]);
        else
            Assert.That(page[begin..end], Is.EqualTo(table), $"run this test with {Snapshot.AcceptVariable}=1 to write the table anew");
    }

    [Test]
    public void Every_metric_of_the_dashboard_is_one_that_the_server_has()
    {
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "deploy/grafana/policym2m-pdp.json")));
        string[] queries = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.TryGetProperty("targets", out JsonElement targets) ? targets.EnumerateArray() : default)
            .Select(target => target.GetProperty("expr").GetString()!)];
        string[] named = [.. queries.SelectMany(query => Metric().Matches(query)).Select(match => match.Value).Distinct()];

        Assert.That(named, Has.Length.GreaterThan(15));
        Assert.That(named.Where(name => !Regex.IsMatch(_scraped, $@"(?m)^{name}[{{ ]")), Is.Empty);
        Assert.That(Alerts().Where(name => !Regex.IsMatch(_scraped, $@"(?m)^{name}[{{ ]")), Is.Empty, "in the alerts of docs/metrics.md");
    }

    [Test]
    public void The_rules_for_alerts_are_those_of_the_page()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Path.Combine(Root, "deploy/prometheus/policym2m-pdp.rules.yaml"))));
        YamlNode[] rules = [.. (YamlSequenceNode)stream.Documents[0].RootNode["groups"][0]["rules"]];
        var told = rules.Select(rule => ($"{rule["expr"]}", ((YamlMappingNode)rule).Children.TryGetValue("for", out YamlNode? lasts) ? $"{lasts}" : "", $"{rule["annotations"]["summary"]}"));
        var rows = AlertRow().Matches(Page.Split("## Alerts")[1]).Select(row => (row.Groups[1].Value, Lasts[row.Groups[2].Value], Link().Replace(row.Groups[3].Value, "$1")));

        Assert.That(told, Is.EqualTo(rows).And.Not.Empty);
        Assert.That(rules.Select(rule => $"{rule["alert"]}"), Is.Unique.And.All.Match("^PolicyM2M[A-Z][A-Za-z]+$"));
    }

    private static readonly Dictionary<string, string> Lasts = new() { [""] = "", [" for a minute"] = "1m", [" for five minutes"] = "5m", [" for ten minutes"] = "10m" };

    private static string Page => File.ReadAllText(Path.Combine(Root, "docs/metrics.md"));

    private static IEnumerable<string> Alerts() =>
        Metric().Matches(Page.Split("## Alerts")[1]).Select(match => match.Value).Distinct();

    private string Table()
    {
        var table = new StringBuilder("| metric | type | labels | what it says |\n| --- | --- | --- | --- |\n");
        foreach (Instrument instrument in _pdp.Server.Services.GetRequiredService<PdpMetrics>().Instruments.OrderBy(instrument => instrument.Name, StringComparer.Ordinal))
        {
            string name = PrometheusText.NameOf(instrument);
            string labels = Regex.Match(_scraped, $@"(?m)^{name}\{{(.*)\}} ") is { Success: true } series
                ? string.Join(", ", Label().Matches(series.Groups[1].Value).Select(label => $"`{label.Groups[1].Value}`")) : "";
            table.Append(null, $"| `{name}` | {PrometheusText.TypeOf(instrument)} | {labels} | {instrument.Description} |\n");
        }
        return table.ToString();
    }

    [GeneratedRegex(@"(?m)^\| `(.+?)`( for [a-z ]+)? \| (.+) \|$")]
    private static partial Regex AlertRow();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\b(?:policym2m|dotnet)_[a-z_]+\b")]
    private static partial Regex Metric();

    [GeneratedRegex("([a-z_]+)=\"")]
    private static partial Regex Label();
}
