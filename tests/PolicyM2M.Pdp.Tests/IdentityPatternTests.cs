using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Which identity a pattern takes: a truth table.</summary>
[TestFixture]
public sealed class IdentityPatternTests
{
    [TestCase("spiffe://a.example/device/{name}", "spiffe://a.example/device/plc-1", "plc-1")]
    [TestCase("spiffe://a.example/device/{name}", "spiffe://a.example/device", null)]
    [TestCase("spiffe://a.example/device/{name}", "spiffe://a.example/device/plc-1/x", null)]
    [TestCase("spiffe://a.example/device/{name}", "spiffe://a.example/Device/plc-1", null)]
    [TestCase("spiffe://a.example/device/{name}", "spiffe://b.example/device/plc-1", null)]
    [TestCase("spiffe://a.example/device/{name}", "spiffe://x.a.example/device/plc-1", null)]
    [TestCase("spiffe://a.example/*/device/{name}", "spiffe://a.example/plant-7/device/plc-1", "plc-1")]
    [TestCase("spiffe://a.example/*/device/{name}", "spiffe://a.example/device/plc-1", null)]
    [TestCase("spiffe://a.example/*/device/{name}", "spiffe://a.example/a/b/device/plc-1", null)]
    [TestCase("spiffe://a.example/{name}/agent", "spiffe://a.example/plc-1/agent", "plc-1")]
    [TestCase("spiffe://a.example/ops", "spiffe://a.example/ops", "")]
    [TestCase("spiffe://a.example/*", "spiffe://a.example/ops", "")]
    public void A_pattern_of_SPIFFE_IDs_takes(string pattern, string id, string? name)
    {
        Assert.That(SpiffeId.TryParse(id, out SpiffeId? parsed, out _));
        Assert.That(((IdentityPattern.OfSpiffe)PatternParser.Parse(pattern)).Match(parsed!), Is.EqualTo(name));
    }

    [TestCase("dns:{name}.plant-7.example", "plc-1.plant-7.example", "plc-1")]
    [TestCase("dns:{name}.Plant-7.Example", "PLC-1.PLANT-7.example", "plc-1")]
    [TestCase("dns:{name}.plant-7.example", "a.plc-1.plant-7.example", null)]
    [TestCase("dns:{name}.plant-7.example", "plant-7.example", null)]
    [TestCase("dns:{name}.plant-7.example", "plc-1.plant-7.example.evil.example", null)]
    [TestCase("dns:{name}.plant-7.example", "*.plant-7.example", null)]
    [TestCase("dns:{name}.plant-7.example", ".plant-7.example", null)]
    [TestCase("dns:{name}.plant-7.example", "plc-1.plant-7.example.", null)]
    [TestCase("dns:*.ops.example", "anna.ops.example", "")]
    [TestCase("dns:*.ops.example", "*.ops.example", null)]
    [TestCase("dns:ops.example", "ops.example", "")]
    public void A_pattern_of_DNS_names_takes(string pattern, string dnsName, string? name) =>
        Assert.That(((IdentityPattern.OfDns)PatternParser.Parse(pattern)).Match(dnsName), Is.EqualTo(name));

    [TestCase("subject:CN={name},O=Plant 7", "CN=plc-1,O=Plant 7", "plc-1")]
    [TestCase("subject:cn={name},o=Plant 7", "CN=plc-1,O=Plant 7", "plc-1")]
    [TestCase("subject:2.5.4.3={name},O=Plant 7", "CN=plc-1,O=Plant 7", "plc-1")]
    [TestCase("subject:CN={name},O=Plant 7", "O=Plant 7,CN=plc-1", null)]
    [TestCase("subject:CN={name},O=Plant 7", "CN=plc-1,O=plant 7", null)]
    [TestCase("subject:CN={name},O=Plant 7", "CN=plc-1", null)]
    [TestCase("subject:CN={name},O=Plant 7", "CN=plc-1,OU=x,O=Plant 7", null)]
    [TestCase("subject:CN={name},O=Plant 7", "CN=\"plc-1,O=Plant 7\"", null)]
    [TestCase("subject:CN={name},O=Plant 7", "CN=plc 1,O=Plant 7", null)]
    [TestCase("subject:CN=*,O=Plant 7", "CN=plc 1,O=Plant 7", "")]
    [TestCase("subject:CN=*,O=Plant 7", "CN=\"a,O=Plant 7\",O=Plant 7", "")]
    [TestCase("subject:CN=a\\,O=Plant 7", "CN=\"a,O=Plant 7\"", "")]
    [TestCase("subject:CN=a\\2CO\\3DPlant 7", "CN=\"a,O=Plant 7\"", "")]
    [TestCase("subject:CN=\\*", "CN=*", "")]
    [TestCase("subject:CN=\\*", "CN=plc-1", null)]
    [TestCase("subject:CN=J\\C3\\BCrgen", "CN=Jürgen", "")]
    [TestCase("subject:CN=Jürgen", "CN=Jürgen", "")]
    public void A_pattern_of_subjects_takes(string pattern, string subject, string? name)
    {
        // .NET writes a name as RFC 4514 does: the most specific part first, which is encoded last.
        var encoded = new X500DistinguishedName(subject, X500DistinguishedNameFlags.Reversed | X500DistinguishedNameFlags.UseCommas);
        Assert.That(DistinguishedName.TryRead(encoded.RawData, out DistinguishedName? read));
        Assert.That(((IdentityPattern.OfSubject)PatternParser.Parse(pattern)).Match(read!), Is.EqualTo(name));
    }

    [Test]
    public void A_part_of_two_attributes_is_a_set()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSetOf())
        {
            foreach ((string type, string value) in new[] { ("2.5.4.3", "plc-1"), ("2.5.4.5", "9") })
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(type);
                    writer.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                }
            }
        }
        Assert.That(DistinguishedName.TryRead(writer.Encode(), out DistinguishedName? name));

        string?[] matches = [.. new[] { "subject:CN={name}+serialNumber=9", "subject:serialNumber=9+CN={name}", "subject:CN={name},serialNumber=9", "subject:CN={name}" }
            .Select(pattern => ((IdentityPattern.OfSubject)PatternParser.Parse(pattern)).Match(name!))];

        Assert.That(matches, Is.EqualTo(new[] { "plc-1", "plc-1", null, null }));
    }

    [Test]
    public void A_name_that_goes_into_the_log_cannot_steer_a_terminal()
    {
        var encoded = new X500DistinguishedName("CN=\"a\u001b[31m\u202e,b\"");
        Assert.That(DistinguishedName.TryRead(encoded.RawData, out DistinguishedName? name));
        Assert.That($"{name}", Is.EqualTo("CN=a\\1B[31m\\E2\\80\\AE\\2Cb"));
    }

    [TestCase("device/{name}", 0, "expected a pattern that begins with")]
    [TestCase("spiffe://", 9, "the trust domain is empty")]
    [TestCase("spiffe://A.example/x", 9, "the trust domain has characters")]
    [TestCase("spiffe://*/x", 9, "a trust domain is written out")]
    [TestCase("spiffe://a.example", 18, "expected a path")]
    [TestCase("spiffe://a.example/", 19, "expected `*`")]
    [TestCase("spiffe://a.example/x//y", 21, "expected `*`")]
    [TestCase("spiffe://a.example/x/../y", 21, "expected `*`")]
    [TestCase("spiffe://a.example/plc-*", 19, "`*` and `{name}` stand for a whole part")]
    [TestCase("spiffe://a.example/{site}/x", 19, "only `{name}`")]
    [TestCase("spiffe://a.example/{name}/{name}", 26, "`{name}` stands in a pattern once")]
    [TestCase("dns:", 4, "expected `*`")]
    [TestCase("dns:*", 4, "the last label is written out")]
    [TestCase("dns:a..example", 6, "expected `*`")]
    [TestCase("dns:x.*", 6, "the last label is written out")]
    [TestCase("subject:", 8, "expected an attribute and its value")]
    [TestCase("subject:CN", 8, "expected an attribute and its value")]
    [TestCase("subject:CN=", 11, "expected a value")]
    [TestCase("subject:CN=a,", 13, "expected an attribute and its value")]
    [TestCase("subject:CN=a, O=b", 13, "expected the type of an attribute")]
    [TestCase("subject:XX=a", 8, "expected the type of an attribute")]
    [TestCase("subject:CN=a\\", 12, "expected one of")]
    [TestCase("subject:CN=#0401", 11, "expected a value")]
    [TestCase("subject:CN=a ,O=b", 12, "a space at the end")]
    [TestCase("subject:CN=\"a\"", 11, "is written with a backslash before it")]
    [TestCase("subject:CN=\\FF", 11, "no UTF-8")]
    [TestCase("subject:CN=a+CN=b", 13, "twice")]
    public void What_is_no_pattern_is_refused_where_it_goes_wrong(string pattern, int offset, string message)
    {
        PatternException? fault = Assert.Throws<PatternException>(() => PatternParser.Parse(pattern));
        Assert.That(fault!.Message, Does.Contain(message));
        Assert.That(fault.Offset, Is.EqualTo(offset));
    }
}
