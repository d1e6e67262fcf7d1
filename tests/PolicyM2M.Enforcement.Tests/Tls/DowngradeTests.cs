using System.Text.RegularExpressions;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>Each way to get less than what was decided is refused, with its reason; and the page says so of no other.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed partial class DowngradeTests
{
    private const string Page = "docs/downgrades.md", Begin = "<!-- channel: begin -->", End = "<!-- channel: end -->";

    [TestCaseSource(nameof(Tried))]
    public async Task A_downgrade_is_refused_with_its_reason(Downgrade downgrade)
    {
        using var world = new TlsWorld();
        EnforcementException? refused = await downgrade.TryAsync(world);
        Assert.That(refused?.Reason, Is.EqualTo(downgrade.Reason), refused?.Message);
        Assert.That(world.Refusals, Is.EqualTo(new[] { refused!.Refusal }), "it is heard of once");
    }

    [Test]
    public void The_page_has_each_row_and_no_other()
    {
        string path = Path.Combine(ProjectFolder.RepositoryRootOf(typeof(DowngradeTests).Assembly), Page);
        string page = File.ReadAllText(path);
        string table = $"{Begin}\n| tried | held out | against | refused with |\n| --- | --- | --- | --- |\n{string.Concat(Downgrades.All.Select(downgrade => downgrade.Row + "\n"))}{End}";
        if (Environment.GetEnvironmentVariable("POLICYM2M_ACCEPT") == "1" && Environment.GetEnvironmentVariable("CI") is null)
            File.WriteAllText(path, page = Table().Replace(page, _ => table));
        Assert.That(page, Does.Contain(table), "POLICYM2M_ACCEPT=1 writes it");
    }

    private static IEnumerable<TestCaseData> Tried() => Downgrades.All.Select(downgrade => new TestCaseData(downgrade).SetArgDisplayNames(downgrade.ToString()));

    [GeneratedRegex($"{Begin}.*?{End}", RegexOptions.Singleline)]
    private static partial Regex Table();
}
