using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using PolicyM2M.Benchmarks.Workload;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Sets;

/// <summary>Rule sets that break engines of one idea: each defeats hashing, sorting, sharing or splitting in its own way. Seeded: the same on every machine.</summary>
internal static class AdversarialSets
{
    /// <summary>How many rules each set has, unless asked for otherwise.</summary>
    public const int UsualRules = 5000;

    private const int ContextCount = 500;

    /// <summary>Their names and generators, which take the number of rules.</summary>
    public static readonly ImmutableArray<(string Name, Func<int, GeneratedSet> Of)> All =
    [
        ("no-shared-attributes", NoSharedAttributes),
        ("overlapping-ranges", OverlappingRanges),
        ("device-id-lists", DeviceIdLists),
        ("cidr-lists", CidrLists),
        ("pairs-of-40-attributes", PairsOfAttributes),
    ];

    /// <summary>Each rule tests an attribute of its own, so no test of one rule tells anything of another. The first match is spread evenly over the rules.</summary>
    public static GeneratedSet NoSharedAttributes(int rules)
    {
        var random = new Mulberry32(1);
        ImmutableArray<GeneratedRule> made = [.. Enumerable.Range(0, rules).Select(i => new GeneratedRule([new RuleTest.AtLeast(i, random.Next(30, 70))], Outcome(random)))];
        return new GeneratedSet("no-shared-attributes", [.. Enumerable.Range(0, rules).Select(i => new GeneratedAttribute($"a{i:D5}", "int, minimum: 0, maximum: 100"))],
            One("no-shared-attributes", made), Contexts(Context));

        AttributeValue[] Context()
        {
            int first = random.Next(0, rules);
            return [.. made.Select((rule, i) => AttributeValue.Of((long)(i < first ? random.Next(0, Low(rule) - 1) : i == first ? random.Next(Low(rule), 100) : random.Next(0, 100))))];
        }

        static int Low(GeneratedRule rule) => (int)((RuleTest.AtLeast)rule.Tests[0]).Low;
    }

    /// <summary>Ranges of three numbers that overlap in every way: a tree that splits them copies rules without end.</summary>
    public static GeneratedSet OverlappingRanges(int rules)
    {
        const int Largest = 1_000_000;
        var random = new Mulberry32(2);
        ImmutableArray<GeneratedRule> made = [.. Enumerable.Range(0, rules).Select(_ => new GeneratedRule([.. Enumerable.Range(0, 3).Select(Range)], Outcome(random)))];
        return new GeneratedSet("overlapping-ranges", [.. Enumerable.Range(0, 3).Select(i => new GeneratedAttribute($"measure.x{i}", $"int, minimum: 0, maximum: {Largest}"))],
            One("overlapping-ranges", made), Contexts(() => [.. Enumerable.Range(0, 3).Select(_ => AttributeValue.Of((long)random.Next(0, Largest)))]));

        RuleTest Range(int attribute)
        {
            int width = random.Next(Largest / 50, Largest / 5), low = random.Next(0, Largest - width);
            return new RuleTest.Between(attribute, low, low + width);
        }
    }

    /// <summary>Ten lists of 10,000 device ids, which share some of them; each rule tests one list, a zone and the risk.</summary>
    public static GeneratedSet DeviceIdLists(int rules)
    {
        const int Lists = 10, Length = 10_000, Devices = 80_000, Zones = 16;
        var random = new Mulberry32(3);
        ImmutableArray<RuleTest.Listed> lists = [.. Enumerable.Range(0, Lists).Select(i => new RuleTest.Listed(0, $"fleet-{i}", Ids()))];
        ImmutableArray<GeneratedRule> made = [.. Enumerable.Range(0, rules).Select(_ => new GeneratedRule(
            [random.Pick(lists.AsSpan()), new RuleTest.Equal(1, Zone()), new RuleTest.Between(2, random.Next(0, 60), random.Next(61, 100))], Outcome(random)))];
        return new GeneratedSet("device-id-lists",
            [new GeneratedAttribute("device.id", "string"), new GeneratedAttribute("network.zone", "string"), new GeneratedAttribute("posture.risk", "int, minimum: 0, maximum: 100")],
            One("device-id-lists", made), Contexts(() => [AttributeValue.Of(Id()), AttributeValue.Of(Zone()), AttributeValue.Of((long)random.Next(0, 100))]));

        FrozenSet<string> Ids()
        {
            var ids = new HashSet<string>(StringComparer.Ordinal);
            while (ids.Count < Length)
                ids.Add(Id());
            return ids.ToFrozenSet(StringComparer.Ordinal);
        }

        string Id() => $"dev-{random.Next(0, Devices - 1):D6}";

        string Zone() => $"zone-{random.Next(0, Zones - 1):D2}";
    }

    /// <summary>Lists of address blocks of every length, nested and apart, IPv4 and IPv6; each rule tests one list and the risk.</summary>
    public static GeneratedSet CidrLists(int rules)
    {
        var random = new Mulberry32(4);
        ImmutableArray<GeneratedRule> made = [.. Enumerable.Range(0, rules).Select(_ => new GeneratedRule(
            [new RuleTest.Within(0, [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => Block())]), new RuleTest.AtMost(1, random.Next(20, 95))], Outcome(random)))];
        ImmutableArray<IPNetwork> blocks = [.. made.SelectMany(rule => ((RuleTest.Within)rule.Tests[0]).Blocks)];
        return new GeneratedSet("cidr-lists", [new GeneratedAttribute("network.peer.address", "address"), new GeneratedAttribute("posture.risk", "int, minimum: 0, maximum: 100")],
            One("cidr-lists", made), Contexts(() => [AttributeValue.Of(Address().ToString()), AttributeValue.Of((long)random.Next(0, 100))]));

        IPNetwork Block() => random.Chance(0.8)
            ? Masked([10, Byte(), Byte(), Byte()], random.Next(12, 30))
            : Masked([0x20, 0x01, 0x0d, 0xb8, Byte(), Byte(), Byte(), 0, 0, 0, 0, 0, 0, 0, 0, Byte()], random.Next(36, 64));

        // Nine of ten lie in some block; the others mostly in none.
        IPAddress Address()
        {
            if (random.Chance(0.1))
                return new IPAddress([random.Chance(0.5) ? (byte)10 : (byte)192, Byte(), Byte(), Byte()]);
            IPNetwork block = random.Pick(blocks.AsSpan());
            byte[] bytes = block.BaseAddress.GetAddressBytes();
            for (int bit = block.PrefixLength; bit < bytes.Length * 8; bit++)
                bytes[bit / 8] |= (byte)(random.Chance(0.5) ? 0x80 >> bit % 8 : 0);
            return new IPAddress(bytes);
        }

        byte Byte() => (byte)random.Next(0, 255);
    }

    /// <summary>Every rule tests another pair out of 40 attributes, texts and ranges: no attribute is worth testing first.</summary>
    public static GeneratedSet PairsOfAttributes(int rules)
    {
        const int Count = 40, Texts = 100, Largest = 10_000;
        var random = new Mulberry32(5);
        (int First, int Second)[] pairs = [.. from first in Enumerable.Range(0, Count) from second in Enumerable.Range(first + 1, Count - first - 1) select (first, second)];
        for (int i = pairs.Length - 1; i > 0; i--)
        {
            int j = random.Next(0, i);
            (pairs[i], pairs[j]) = (pairs[j], pairs[i]);
        }
        ImmutableArray<GeneratedRule> made = [.. Enumerable.Range(0, rules).Select(i =>
            new GeneratedRule([Test(pairs[i % pairs.Length].First), Test(pairs[i % pairs.Length].Second)], Outcome(random)))];
        return new GeneratedSet("pairs-of-40-attributes", [.. Enumerable.Range(0, Count).Select(i => new GeneratedAttribute($"b{i:D2}", IsText(i) ? "string" : $"int, minimum: 0, maximum: {Largest}"))],
            One("pairs-of-40-attributes", made),
            Contexts(() => [.. Enumerable.Range(0, Count).Select(i => IsText(i) ? AttributeValue.Of(Text()) : AttributeValue.Of((long)random.Next(0, Largest)))]));

        RuleTest Test(int attribute)
        {
            if (IsText(attribute))
                return new RuleTest.Equal(attribute, Text());
            int low = random.Next(0, Largest * 9 / 10);
            return new RuleTest.Between(attribute, low, low + random.Next(Largest / 100, Largest / 10));
        }

        static bool IsText(int attribute) => attribute % 2 == 0;

        string Text() => $"text-{random.Next(0, Texts - 1):D2}";
    }

    private static ImmutableArray<GeneratedPolicy> One(string name, ImmutableArray<GeneratedRule> rules) => [new GeneratedPolicy(name, Target: null, rules)];

    private static ImmutableArray<AttributeValue[]> Contexts(Func<AttributeValue[]> next) =>
        [.. Enumerable.Range(0, ContextCount).Select(_ => next())];

    private static int Outcome(Mulberry32 random) => random.Next(0, GeneratedSet.Outcomes - 1);

    private static IPNetwork Masked(byte[] bytes, int length)
    {
        for (int bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> bit % 8);
        return new IPNetwork(new IPAddress(bytes), length);
    }
}
