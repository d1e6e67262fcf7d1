namespace PolicyM2M.X509.Tests;

/// <summary>The syntax of SPIFFE IDs.</summary>
[TestFixture]
public sealed class SpiffeIdTests
{
    [TestCase("spiffe://example.org/device/plc-0042", "example.org", "/device/plc-0042")]
    [TestCase("spiffe://a_b-c.9/x", "a_b-c.9", "/x")]
    [TestCase("spiffe://example.org", "example.org", "")]
    [TestCase("spiffe://example.org/A/..b/c.d", "example.org", "/A/..b/c.d")]
    public void A_good_ID_is_read_and_printed_as_it_was(string text, string trustDomain, string path)
    {
        Assert.That(SpiffeId.TryParse(text, out SpiffeId? id, out _), Is.True);
        Assert.That((id!.TrustDomain, id.Path, id.ToString()), Is.EqualTo((trustDomain, path, text)));
    }

    [TestCase("")]
    [TestCase("spiffe:/example.org/x")]
    [TestCase("SPIFFE://example.org/x")]
    [TestCase("https://example.org/x")]
    [TestCase("spiffe:///x")]
    [TestCase("spiffe://Example.org/x")]
    [TestCase("spiffe://user@example.org/x")]
    [TestCase("spiffe://example.org:443/x")]
    [TestCase("spiffe://example%2Eorg/x")]
    [TestCase("spiffe://exämple.org/x")]
    [TestCase("spiffe://example.org/")]
    [TestCase("spiffe://example.org/x/")]
    [TestCase("spiffe://example.org//x")]
    [TestCase("spiffe://example.org/./x")]
    [TestCase("spiffe://example.org/../x")]
    [TestCase("spiffe://example.org/a%20b")]
    [TestCase("spiffe://example.org/a b")]
    [TestCase("spiffe://example.org/ä")]
    [TestCase("spiffe://example.org/x?y")]
    [TestCase("spiffe://example.org/x#y")]
    [TestCase("spiffe://example.org/x\n")]
    public void A_text_that_breaks_a_rule_is_no_ID(string text)
    {
        Assert.That(SpiffeId.TryParse(text, out SpiffeId? id, out string? fault), Is.False);
        Assert.That(id, Is.Null);
        Assert.That(fault, Is.Not.Empty);
    }

    [Test]
    public void Length_has_its_limits()
    {
        string longest = "spiffe://" + new string('a', 255) + "/";
        Assert.That(SpiffeId.TryParse(longest + new string('x', 2_048 - longest.Length), out _, out _), Is.True);
        Assert.That(SpiffeId.TryParse(longest + new string('x', 2_049 - longest.Length), out _, out _), Is.False);
        Assert.That(SpiffeId.TryParse("spiffe://" + new string('a', 256) + "/x", out _, out _), Is.False);
    }
}
