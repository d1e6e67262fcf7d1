using System.Text;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Identity.Mapping;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The roles file as text.</summary>
[TestFixture]
public sealed class RoleMapReaderTests
{
    [Test]
    public void Entries_are_read_in_order()
    {
        RoleMap? map = RoleMapReader.Read("""
            {
              "roles": [
                { "match": "spiffe://a.example/device/{name}", "role": "device" },
                { "match": "dns:gw.plant-7.example", "trust": "plant-7.example", "role": "gateway", "name": "gw-plant7" },
                { "role": "operator", "match": "subject:CN=*,O=Ops", "trust": "plant-7.example" },
                { "match": "spiffe://a.example/*", "role": "auditor" }
              ]
            }
            """u8.ToArray(), "roles.json", out IReadOnlyList<string> faults);

        Assert.That(faults, Is.Empty);
        Assert.That(map!.Entries.Select(entry => (entry.Role, entry.FixedName, entry.TrustDomain)), Is.EqualTo(new (Roles, string?, string?)[]
        {
            (Roles.Device, null, null), (Roles.Gateway, "gw-plant7", "plant-7.example"), (Roles.Operator, null, "plant-7.example"), (Roles.Auditor, null, null),
        }));
    }

    [TestCase("\"name\":\"partner.{name}\"", "partner.plc-1")]
    [TestCase("\"name\":\"{name}\"", "plc-1")]
    public void Two_trust_domains_capture_names_where_that_is_said(string said, string name)
    {
        RoleMap? map = RoleMapReader.Read(Encoding.UTF8.GetBytes("{\"roles\":[{\"role\":\"device\",\"match\":\"spiffe://a/{name}\"},{\"role\":\"device\",\"match\":\"spiffe://b/{name}\"," + said + "}]}"), "r", out IReadOnlyList<string> faults);
        Assert.That(faults, Is.Empty);
        Assert.That(map!.Entries.Select(entry => entry.NameOf("plc-1")), Is.EqualTo(new[] { "plc-1", name }));
    }

    [Test]
    public void Operators_of_several_trust_domains_share_no_names()
    {
        Assert.That(RoleMapReader.Read("{\"roles\":[{\"role\":\"operator\",\"match\":\"spiffe://a/{name}\"},{\"role\":\"operator\",\"match\":\"spiffe://b/{name}\"}]}"u8.ToArray(), "r", out _), Is.Not.Null);
    }

    [TestCase("", "1:1: this is no JSON")]
    [TestCase("[]", "1:1: expected an object with `roles`")]
    [TestCase("{}", "1:2: expected `roles`")]
    [TestCase("{\"rules\":[]}", "1:2: expected `roles`")]
    [TestCase("{\"roles\":{}}", "1:10: expected a list")]
    [TestCase("{\"roles\":[],\"x\":1}", "1:13: `roles` is the one thing")]
    [TestCase("{\"roles\":[]} x", "1:14: this is no JSON")]
    [TestCase("{\"roles\":[\n  1]}", "2:3: expected an entry")]
    [TestCase("{\"roles\":[\n  {\"match\":1}]}", "2:12: `match` is a text")]
    [TestCase("{\"roles\":[\n  {\"macth\":\"x\"}]}", "2:4: expected `match`, `role`, `name` or `trust`")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\",\"role\":\"device\"}]}", "2:20: `role` stands here twice")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\"}]}", "2:3: an entry has `match` and `role`")]
    [TestCase("{\"roles\":[\n  {\"role\":\"Device\",\"match\":\"spiffe://a/{name}\"}]}", "2:11: expected device, gateway, operator or auditor")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\",\"match\":\"spiffe://a/x/{nam}\"}]}", "2:42: only `{name}`")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\",\"match\":\"spiffe:\\/\\/a/x/{nam}\"}]}", "2:28: only `{name}`")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\",\"match\":\"spiffe://a/*\"}]}", "2:28: a device has a name")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\",\"match\":\"spiffe://a/{name}\",\"name\":\"x\"}]}", "2:55: the pattern captures the name already")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\",\"match\":\"spiffe://a/*\",\"name\":\"a b\"}]}", "2:50: expected a name")]
    [TestCase("{\"roles\":[\n  {\"role\":\"operator\",\"match\":\"dns:a.example\"}]}", "2:30: a DNS name or a subject needs `trust`")]
    [TestCase("{\"roles\":[\n  {\"role\":\"operator\",\"match\":\"dns:a.example\",\"trust\":\"A/b\"}]}", "2:54: expected the name of a trust domain")]
    [TestCase("{\"roles\":[\n  {\"role\":\"operator\",\"match\":\"spiffe://a/b\",\"trust\":\"a\"}]}", "2:53: a SPIFFE ID says itself")]
    [TestCase("{\"roles\":[{\"role\":\"operator\",\"match\":\"spiffe://a/b\"},\n{\"role\":\"auditor\",\"match\":\"spiffe://a/b\"}]}", "2:27: an entry before this one has the same pattern")]
    [TestCase("{\"roles\":[{\"role\":\"device\",\"match\":\"spiffe://a/{name}\"},\n{\"role\":\"device\",\"match\":\"spiffe://b/{name}\"}]}", "2:26: b and a could each issue the names")]
    [TestCase("{\"roles\":[{\"role\":\"device\",\"match\":\"spiffe://a/{name}\"},\n{\"role\":\"gateway\",\"match\":\"dns:{name}.b\",\"trust\":\"b\"}]}", "2:27: b and a could each issue the names")]
    [TestCase("{\"roles\":[{\"role\":\"device\",\"match\":\"spiffe://a/{name}\",\"name\":\"x.{name}\"},\n{\"role\":\"device\",\"match\":\"spiffe://b/{name}\",\"name\":\"x.y.{name}\"}]}", "2:26: b and a could each issue the names")]
    [TestCase("{\"roles\":[\n  {\"role\":\"device\",\"match\":\"spiffe://a/{name}\",\"name\":\"a b{name}\"}]}", "2:55: expected at most 64 letters")]
    [TestCase("{\"roles\":[{\"role\":\"\\ud800\"}]}", "1:19: the text is no Unicode")]
    public void A_fault_says_where_it_is(string json, string fault)
    {
        RoleMap? map = RoleMapReader.Read(Encoding.UTF8.GetBytes(json), "roles.json", out IReadOnlyList<string> faults);

        Assert.That(map, Is.Null);
        Assert.That(faults, Has.Count.EqualTo(1).And.One.StartsWith($"roles.json:{fault}"));
    }

    [Test]
    public void Every_entry_that_is_wrong_is_said_at_once()
    {
        RoleMapReader.Read("{\"roles\":[{\"role\":\"x\",\"match\":\"y\"},\n{\"role\":\"auditor\",\"match\":\"z\"}]}"u8.ToArray(), "r", out IReadOnlyList<string> faults);
        Assert.That(faults, Is.EqualTo(new[]
        {
            "r:1:19: expected device, gateway, operator or auditor",
            "r:2:28: expected a pattern that begins with `spiffe://`, `dns:` or `subject:`",
        }));
    }

    [Test]
    public void Bytes_that_are_no_UTF_8_are_refused()
    {
        byte[] json = [.. "{\"roles\":[{\"role\":\""u8, 0xFF, .. "\"}]}"u8];
        Assert.That(RoleMapReader.Read(json, "r", out IReadOnlyList<string> faults), Is.Null);
        Assert.That(faults, Has.Count.EqualTo(1));
    }
}
