using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Tests.Vocabulary;

internal sealed class LiteralTests
{
    [TestCase("0s", 0, "0s")]
    [TestCase("90s", 90, "1m30s")]
    [TestCase("1h30m", 5400, "1h30m")]
    [TestCase("24h", 86400, "1d")]
    [TestCase("2w", 1209600, "14d")]
    [TestCase("1d2h3m4s", 93784, "1d2h3m4s")]
    [TestCase("100000d", 8640000000, "100000d")]
    public void A_duration_is_read_and_written(string text, long seconds, string written)
    {
        Assert.That(DurationText.TryParse(text, out long read), Is.True);
        Assert.That(read, Is.EqualTo(seconds));
        Assert.That(DurationText.Format(seconds), Is.EqualTo(written));
    }

    [TestCase("")]
    [TestCase("5")]
    [TestCase("h")]
    [TestCase("1h1h")]
    [TestCase("1m1h")]
    [TestCase("1y")]
    [TestCase("-1h")]
    [TestCase("1.5h")]
    [TestCase("1 h")]
    [TestCase("100001d")]
    [TestCase("99999999999999999999s")]
    public void What_is_no_duration_is_refused(string text) => Assert.That(DurationText.TryParse(text, out _), Is.False);

    [TestCase("2027-01-31", 1801353600, "2027-01-31")]
    [TestCase("2027-01-31T06:00Z", 1801375200, "2027-01-31T06:00Z")]
    [TestCase("2027-01-31T06:00:30+02:00", 1801368030, "2027-01-31T04:00:30Z")]
    [TestCase("2027-01-31T06:00-00:30", 1801377000, "2027-01-31T06:30Z")]
    [TestCase("2027-01-31T06:00:30.000Z", 1801375230, "2027-01-31T06:00:30Z", Description = "what toISOString() of JavaScript makes")]
    [TestCase("2027-01-31T06:00:30.9Z", 1801375230, "2027-01-31T06:00:30Z")]
    [TestCase("2027-01-31T06:00:30.123456789012345678901234567890+02:00", 1801368030, "2027-01-31T04:00:30Z")]
    [TestCase("1969-12-31T23:59:59.5Z", -1, "1969-12-31T23:59:59Z")]
    public void An_instant_is_read_to_the_second_and_written(string text, long seconds, string written)
    {
        Assert.That(InstantText.TryParse(text, out long read), Is.True);
        Assert.That(read, Is.EqualTo(seconds));
        Assert.That(InstantText.Format(seconds), Is.EqualTo(written));
    }

    [TestCase("")]
    [TestCase("1.5")]
    [TestCase("2027-02-29")]
    [TestCase("2027-1-31")]
    [TestCase("2027-01-31T06:00")]
    [TestCase("2027-01-31T06:00+0200")]
    [TestCase("2027-01-31T06:00+2:00")]
    [TestCase("2027-01-31T06:00+02")]
    [TestCase("2027-01-31T06:00:30+2:00")]
    [TestCase("2027-01-31T06:00+02:0a")]
    [TestCase("2027-01-31T06:00+15:00")]
    [TestCase("2027-01-31T24:00Z")]
    [TestCase("2027-01-31T06:00.5Z")]
    [TestCase("2027-01-31T06:00:30.Z")]
    [TestCase("2027-01-31T06:00:30.+02:00")]
    [TestCase("2027-01-31T06:00:30.5")]
    [TestCase("2027-01-31T06:00:30.5aZ")]
    [TestCase("2027-01-31T06:00:30,5Z")]
    [TestCase("2027-01-31T06:00:30.5+0200")]
    [TestCase("2027-01-31 06:00Z")]
    public void What_is_no_instant_is_refused(string text) => Assert.That(InstantText.TryParse(text, out _), Is.False);

    [TestCase("::/0", false)]
    [TestCase("::/80", false)]
    [TestCase("::ffff:0:0/96", true)]
    [TestCase("10.0.0.0/8", true)]
    [TestCase("0.0.0.0/0", true)]
    public void A_wider_block_of_IPv6_addresses_holds_no_address_of_IPv4(string text, bool holds)
    {
        Assert.That(AddressBlock.TryParse(text, out AddressBlock block) && AddressBlock.TryParseAddress("10.1.2.3", out UInt128 address) && block.Contains(address) == holds
            && block.Ranges.Any(range => address >= range.First && address <= range.Last) == holds && block.Ranges.All(range => range.First <= range.Last));
    }

    [TestCase("2/3", "2/3")]
    [TestCase("10%", "10%")]
    [TestCase("50%", "1/2")]
    [TestCase("1/2", "1/2")]
    [TestCase("4/6", "2/3")]
    [TestCase("0%", "0/1")]
    [TestCase("1/1", "1/1")]
    [TestCase("3/1000", "3/1000")]
    public void A_fraction_is_read_in_lowest_terms(string text, string written)
    {
        Assert.That(Fraction.TryParse(text, out Fraction fraction), Is.True);
        Assert.That(fraction.ToString(), Is.EqualTo(written));
    }

    [TestCase("")]
    [TestCase("%")]
    [TestCase("3/2")]
    [TestCase("1/0")]
    [TestCase("101%")]
    [TestCase("-1/2")]
    [TestCase("1/2/3")]
    [TestCase("99999999999/3")]
    public void What_is_no_share_is_refused(string text) => Assert.That(Fraction.TryParse(text, out _), Is.False);

    [Test]
    public void Fractions_compare_exactly()
    {
        Fraction.TryCreate(715_827_883, int.MaxValue, out Fraction justAboveAThird);
        Fraction.TryCreate(1, 3, out Fraction third);
        Assert.That(third, Is.LessThan(justAboveAThird));
        Assert.That(default(Fraction).Denominator, Is.EqualTo(1), "an uninitialized fraction is zero, not a division by zero");
    }

    [TestCase("devise.type", "device.type")]
    [TestCase("TLS_AES_128_GCM_SHA25", "TLS_AES_128_GCM_SHA256")]
    [TestCase("firmware.verison", "firmware.version")]
    [TestCase("completely.different", null)]
    public void A_mistyped_name_finds_the_one_that_was_meant(string wrong, string? meant) =>
        Assert.That(Spelling.Nearest(wrong, ["device.type", "firmware.version", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]), Is.EqualTo(meant));
}
