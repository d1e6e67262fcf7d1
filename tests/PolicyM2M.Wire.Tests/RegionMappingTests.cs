using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;

namespace PolicyM2M.Wire.Tests;

internal sealed class RegionMappingTests
{
    private static AttributeScale Scale(string name, AttributeType type, params string[] marks) => new(new AttributeDefinition(name, type, Provenance.Registry, "", null, null, []), [.. marks], false);

    /// <summary>One constraint for each subject and type.</summary>
    private static RegionParts Everything => new(
        [
            new(new AttributeDefinition("a.age", AttributeType.Duration, Provenance.Claimed, "", 0, 86_400, [], AgeOf: "a.since"), [], false),
            new(new AttributeDefinition("a.since", AttributeType.Instant, Provenance.Claimed, "", null, null, [], AttributeValue.Of("2026-11-23")), [], false),
            Scale("b.address", AttributeType.Address, "10.0.0.0", "11.0.0.0"),
            Scale("c.set", AttributeType.Set),
            new(new AttributeDefinition("d.kind", AttributeType.String, Provenance.Attested, "", null, null, ["x", "y"]), [], false),
            new(new AttributeDefinition("e.kind", AttributeType.String, Provenance.Attested, "", null, null, ["x", "y"]), [], false),
            new(new AttributeDefinition("f.name", AttributeType.String, Provenance.Claimed, "", null, null, []), ["pump-", "pump."], true),
            Scale("g.version", AttributeType.Version, "2.4.0"),
            new(new AttributeDefinition("h.risk", AttributeType.Int, Provenance.Registry, "", 0, 100, []), [], false),
        ],
        [
            new(RegionSubject.Value, 7, 0, "", null),
            new(RegionSubject.Value, 0, 0, "", [(0, 3_600)]),
            new(RegionSubject.Value, 2, 0, "", [(1, 2)]),
            new(RegionSubject.Value, 6, 0, "", [(1, 2)]),
            new(RegionSubject.Value, 8, 0, "", [(0, 10), (20, 100)]),
            new(RegionSubject.Has, 3, 0, "", [(1, 1)]),
            new(RegionSubject.Contains, 3, 0, "tag", [(0, 0)]),
            new(RegionSubject.Same, 4, 5, "", [(1, 1)]),
            new(RegionSubject.Now, -1, 0, "", [(long.MinValue, 5), (7, long.MaxValue)]),
            new(RegionSubject.TimeOfDay, -1, -90, "", [(0, 100)]),
            new(RegionSubject.Weekday, -1, 120, "", [(5, 6)]),
        ]);

    [Test]
    public void Every_constraint_comes_over_as_it_is()
    {
        var region = Region.Of(Everything);
        Region received = RegionMapping.FromWire(RegionMapping.ToWire(region), []);
        Assert.That(received.ToString(), Is.EqualTo(region.ToString()));
        Assert.That(RegionMapping.ToWire(received), Is.EqualTo(RegionMapping.ToWire(region)));
        Assert.That(region.ToString(), Is.EqualTo("g.version missing and a.age <= 1h and b.address within 10.0.0.0/8 and f.name >= \"pump-\" and f.name < \"pump.\" and (h.risk <= 10 or h.risk >= 20) and has c.set "
            + "and not c.set contains \"tag\" and d.kind == e.kind and (time.now <= 1970-01-01T00:00:05Z or time.now >= 1970-01-01T00:00:07Z) and time.of-day <= 00:01:40 at -01:30 and time.weekday in [sat, sun] at +02:00"));
    }

    [Test]
    public void What_is_in_a_text_does_not_look_like_the_end_of_it()
    {
        var name = new AttributeScale(new AttributeDefinition("a.name", AttributeType.String, Provenance.Claimed, "", null, null, [], null, null), ["plc\\", "x\" or y == \"z"], IsRanked: false);
        Assert.That(Region.Of(new RegionParts([name], [new RegionTest(RegionSubject.Value, 0, 0, "", [(0, 1)])])).ToString(), Is.EqualTo("""a.name in ["plc\\", "x\" or y == \"z"]"""));
    }

    private static IEnumerable<(string Name, Action<V1.Region> Forge)> Forgeries =>
    [
        ("an unspecified subject", r => r.Constraints[0].Subject = V1.RegionSubject.Unspecified),
        ("a subject of the future", r => r.Constraints[0].Subject = (V1.RegionSubject)8),
        ("an unspecified type", r => r.Attributes[0].Type = V1.AttributeType.Unspecified),
        ("an unspecified provenance", r => r.Attributes[0].Provenance = V1.Provenance.Unspecified),
        ("a place beyond all", r => r.Constraints[1].Attribute = uint.MaxValue),
        ("missing, with codes", r => r.Constraints[1].Missing = true),
        ("neither missing nor codes", r => r.Constraints[0].Missing = false),
        ("an offset for an attribute", r => r.Constraints[1].OffsetMinutes = 60),
        ("an attribute of the clock", r => r.Constraints[8].Attribute = 1),
        ("a standard without a value", r => r.Attributes[1].Standard = new V1.AttributeValue()),
        ("an interval that ends before it begins", r => r.Constraints[1].Codes[0].Low = 4_000),
        ("a mark that is no address", r => r.Attributes[2].Marks[0] = "two"),
    ];

    [TestCaseSource(nameof(Forgeries))]
    public void What_the_contract_does_not_allow_is_refused((string Name, Action<V1.Region> Forge) forgery)
    {
        V1.Region region = RegionMapping.ToWire(Region.Of(Everything));
        forgery.Forge(region);
        Assert.That(() => RegionMapping.FromWire(region, []), Throws.TypeOf<WireException>(), forgery.Name);
    }
}
