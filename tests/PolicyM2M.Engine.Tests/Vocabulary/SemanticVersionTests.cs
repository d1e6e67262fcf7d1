using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Tests.Vocabulary;

internal sealed class SemanticVersionTests
{
    // Semantic Versioning 2.0.0, section 11, and our leniency: numbers left out are zero, and a fourth is allowed.
    private static readonly string[] Ascending =
    [
        "0.0.0-0", "0.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
        "1.0.0", "1.0.0.1", "1.0.1", "1.2", "1.10.0", "2", "2.4.0", "10.0.0",
    ];

    [Test]
    public void Versions_are_ordered_as_the_standard_orders_them()
    {
        SemanticVersion[] versions = [.. Ascending.Select(Parse)];
        for (int i = 0; i < versions.Length; i++)
        {
            for (int j = 0; j < versions.Length; j++)
                Assert.That(Math.Sign(versions[i].CompareTo(versions[j])), Is.EqualTo(Math.Sign(i.CompareTo(j))), $"{versions[i]} against {versions[j]}");
        }
    }

    [TestCase("1.2", "1.2.0")]
    [TestCase("1.2.0", "1.2.0+build.5")]
    [TestCase("1.0.0-rc.01", "1.0.0-rc.1")]
    public void Two_ways_to_write_a_version_are_one_version(string left, string right)
    {
        Assert.That(Parse(left), Is.EqualTo(Parse(right)));
        Assert.That(Parse(left).GetHashCode(), Is.EqualTo(Parse(right).GetHashCode()));
    }

    [TestCase("")]
    [TestCase(null)]
    [TestCase("v1.2")]
    [TestCase("1..2")]
    [TestCase("1.2.")]
    [TestCase("1.2.3.4.5")]
    [TestCase("1.2-")]
    [TestCase("1.2+")]
    [TestCase("1.2-a..b")]
    [TestCase(" 1.2")]
    [TestCase("-1.2")]
    [TestCase("99999999999999999999.0")]
    public void What_is_no_version_is_refused(string? text) => Assert.That(SemanticVersion.TryParse(text, out _), Is.False);

    [Test]
    public void A_version_of_a_million_characters_is_refused_at_once() => Assert.That(SemanticVersion.TryParse("1." + new string('1', 1_000_000), out _), Is.False);

    private static SemanticVersion Parse(string text) => SemanticVersion.TryParse(text, out SemanticVersion? version) ? version : throw new FormatException(text);
}
