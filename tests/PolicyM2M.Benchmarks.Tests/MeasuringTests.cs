using System.Text.Json;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Benchmarks.Workload;
using PolicyM2M.Testing;

namespace PolicyM2M.Benchmarks.Tests;

[TestFixture]
public sealed class MeasuringTests
{
    [Test]
    public void Each_batch_is_timed_in_every_round_and_what_is_allocated_is_seen()
    {
        var frugal = new Batch("frugal", 1, () => 1);
        var lavish = new Batch("lavish", 1, () =>
        {
            GC.KeepAlive(new byte[1000]);
            return 1;
        });
        var figures = new Interleaved(9, TimeSpan.FromMilliseconds(2)).Measure(frugal, lavish);
        Assert.That(figures.Select(figure => figure.Nanoseconds.Length), Is.EqualTo(new[] { 9, 9 }));
        Assert.That(figures.Select(figure => figure.BytesPerOperation), Is.EqualTo(new[] { 0, 1024.0 }).Within(1));
    }

    [Test]
    public void A_ratio_is_the_median_of_the_rounds()
    {
        var slow = new Figures("slow", [2, 20, 9], 0);
        var fast = new Figures("fast", [1, 10, 1], 0);
        Assert.That((slow.Median, slow.RatioTo(fast)), Is.EqualTo((9.0, 2.0)));
    }

    [Test]
    public void A_row_says_whether_its_target_is_met()
    {
        string table = TableRow.Markdown([TableRow.AtMost("a", 1.5, 1.5, " ×"), TableRow.AtLeast("b", 1.8, 1.9, " ×", "noise"), TableRow.Told("c", "12 ns")]);
        Assert.That(table.Split('\n')[2..], Is.EqualTo(new[] { "| a | ≤ 1.5 × | 1.5 × | yes |", "| b | ≥ 1.9 × | 1.8 × (noise) | **no** |", "| c |  | 12 ns |  |", "" }));
    }

    [Test]
    public void A_set_is_written_so_that_each_context_has_its_answer()
    {
        using var folder = new TemporaryFolder();
        GeneratedSet set = CommonPolicies.Of(CommonWorkload.Of(10));
        WorkloadFolder.Write(set, folder.Path);

        string[] contexts = File.ReadAllLines(folder["contexts.jsonl"]), expected = File.ReadAllLines(folder["expected.jsonl"]);
        Assert.That((contexts.Length, expected.Length), Is.EqualTo((2000, 2000)));
        using JsonDocument context = JsonDocument.Parse(contexts[0]), answer = JsonDocument.Parse(expected[0]);
        Assert.That(context.RootElement.GetProperty("device.type").GetString(), Is.EqualTo(set.Contexts[0][0].Text));
        Assert.That(answer.RootElement.GetProperty("denied").GetBoolean(), Is.EqualTo(set.Expected(set.Contexts[0]).IsDenied));
        Assert.That(Directory.GetFiles(folder.Path).Select(Path.GetFileName), Is.SupersetOf(new[] { "policyset.yaml", "all.attributes.yaml", "workload.m2m" }));
    }
}
