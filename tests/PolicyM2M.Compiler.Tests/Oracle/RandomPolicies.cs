using System.Globalization;
using System.Text;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Tests.Oracle;

/// <summary>Random policy sets, as text, and random contexts for them. Small worlds, so that rules overlap and collide often.</summary>
/// <param name="random">The source of chance.</param>
/// <param name="isCorrelated">Whether policies compare attributes with each other and look at one attribute in several ways: where it is missing the answer is then a bound.</param>
internal sealed class RandomPolicies(Random random, bool isCorrelated = false)
{
    /// <summary>The moment of every decision, a Monday.</summary>
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 30, 0, TimeSpan.Zero);

    private const string Schema = """
        attributes:
          kind:    { type: enum, values: [a, b, c, d], provenance: claimed, description: an enumeration }
          name:    { type: string, provenance: claimed, description: a free text }
          level:   { type: int, minimum: -3, maximum: 12, provenance: claimed, description: an int }
          version: { type: version, provenance: claimed, description: a version }
          age:     { type: duration, maximum: 1d, provenance: claimed, description: a duration }
          flag:    { type: bool, provenance: claimed, description: a bool }
          twin:    { type: enum, values: [a, b, c, d], provenance: claimed, description: another enumeration }
          tags:    { type: set, provenance: claimed, description: a set }
          place:   { type: address, provenance: claimed, description: an address }
          due:     { type: instant, provenance: claimed, description: an instant }
          born:    { type: instant, provenance: claimed, description: an instant that has an age }
          uptime:  { type: duration, age-of: born, provenance: claimed, description: an age }
          made:    { type: instant, default: 2026-11-23T11:30Z, provenance: claimed, description: an instant that has a default and an age }
          life:    { type: duration, age-of: made, provenance: claimed, description: the age of a default }
          serial:  { type: string, provenance: claimed, description: a text that has beginnings }
          mode:    { type: enum, values: [on, off], default: off, provenance: claimed, description: with a default }
        """;

    private static readonly string[] Suites = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256"];
    private static readonly string[] Texts = ["one", "two", "three"];
    private static readonly string[] Versions = ["1.0.0", "1.5", "2.0.0-rc.1", "2.0.0", "3.1.4"];
    private static readonly string[] Ages = ["1m", "1h", "5h", "23h"];
    private static readonly string[] Tags = ["x", "y", "z"];
    private static readonly string[] Labels = ["read", "write", "admin"];

    /// <summary>The demands of the policies so far, which later ones may waive.</summary>
    private readonly List<string> _demands = [];

    public IReadOnlyList<SourceFile> Set()
    {
        _demands.Clear();
        int policies = random.Next(1, 4);
        string manifest = "name: random\nlongest-waiver: 90d\nattributes: schema.attributes.yaml\npolicies:\n" + string.Concat(Enumerable.Range(0, policies).Select(i => $"  - p{i}.m2m\n"));
        return [new SourceFile("policyset.yaml", manifest), new SourceFile("schema.attributes.yaml", Schema),
            .. Enumerable.Range(0, policies).Select(i => new SourceFile($"p{i}.m2m", Policy(i)))];
    }

    /// <summary>A context in which up to <paramref name="missing"/> attributes are missing, besides those that have a default.</summary>
    public DeviceContext Context(int missing)
    {
        var all = new Dictionary<string, AttributeValue>
        {
            ["kind"] = AttributeValue.Of(Pick("a", "b", "c", "d")),
            ["name"] = AttributeValue.Of(Pick("one", "two", "three", "four")),
            ["level"] = AttributeValue.Of((long)random.Next(-3, 13)),
            ["version"] = AttributeValue.Of(Pick("0.9", "1.0.0", "1.2", "1.5.0", "2.0.0-beta", "2.0.0-rc.1", "2.0.0", "2.5", "3.1.4", "4")),
            ["age"] = AttributeValue.Of(Pick("0s", "1m", "30m", "1h", "4h", "5h", "23h", "1d")),
            ["flag"] = AttributeValue.Of(random.Next(2) == 0),
            ["twin"] = AttributeValue.Of(Pick("a", "b", "c", "d")),
            ["tags"] = AttributeValue.Of(Tags.Where(_ => random.Next(2) == 0)),
            ["place"] = AttributeValue.Of(Pick("10.0.0.0", "10.1.2.3", "10.255.255.255", "11.0.0.0", "192.168.7.1", "192.168.8.1", "2001:db8::1", "2001:db9::", "::1")),
            ["due"] = AttributeValue.Of(Pick("2026-11-22", "2026-11-23T12:29:59Z", "2026-11-23T12:30Z", "2027-01-31", "2027-01-31T00:00:01Z")),
            ["born"] = AttributeValue.Of(Pick("2026-11-23T12:29:59Z", "2026-11-23T12:30Z", "2026-11-23T11:30Z", "2026-11-23T11:29:59Z", "2026-11-20", "2020-01-01")),
            ["made"] = AttributeValue.Of(Pick("2026-11-23T12:29:59Z", "2026-11-23T12:30Z", "2026-11-23T11:30Z", "2026-11-20")),
            ["serial"] = AttributeValue.Of(Pick("AB", "AB-1", "ABC", "AC", "A", "B", "")),
            ["mode"] = AttributeValue.Of(Pick("on", "off")),
        };
        // What has a default is known without being given.
        foreach (string name in new[] { "mode", "made" }.Where(_ => random.Next(3) == 0))
            all.Remove(name);
        for (int i = random.Next(missing + 1); i > 0; i--)
            all.Remove(Pick([.. all.Keys]));
        return DeviceContext.Of(all);
    }

    /// <summary>A context, and others that share most with it.</summary>
    public IEnumerable<DeviceContext> Near(DeviceContext context)
    {
        yield return context;
        for (int i = 0; i < 25; i++)
        {
            DeviceContext other = Context(missing: random.Next(4));
            int share = random.Next(1, 9);
            HashSet<string> taken = [.. other.Values.Keys.Union(context.Values.Keys).Where(_ => random.Next(10) < share)];
            yield return DeviceContext.Of([.. context.Values.Where(value => !taken.Contains(value.Key)), .. other.Values.Where(value => taken.Contains(value.Key))]);
        }
    }

    private string Policy(int number)
    {
        var text = new StringBuilder($"policy p{number}{Pick("", "", "", " zone +02:00", " zone -11:30")}");
        string target = random.Next(3) == 0 ? Condition(1) : "";
        if (target.Length > 0)
            text.Append($" for {target}");
        text.Append("\n\ndefine named = ").Append(Condition(2)).Append('\n');
        if (random.Next(4) > 0)
            text.Append(Block("cipher-suites", Channel));
        if (random.Next(4) > 0)
            text.Append(Block("auth", Auth));
        if (random.Next(4) > 0)
            text.Append(Block("rotation", Rotation));
        for (int i = random.Next(3); i > 0; i--)
            text.Append(CultureInfo.InvariantCulture, $"require {Demand(number, $"r{i}")} : cipher-suites {{ {Channel()} }} when {Condition(1)}\n");
        if (random.Next(3) == 0)
            text.Append($"require {Demand(number, "a")} : auth {{ {Auth()} }}\n");
        if (random.Next(3) == 0)
            text.Append($"forbid {Demand(number, "f")} : rotation \"no\" when {Condition(2)}\n");
        for (int i = _demands.Count > 0 && !AsksWhatIsThere(target) ? random.Next(3) : 0; i > 0; i--)
        {
            string time = $"{Pick("from 2026-11-23", "from 2026-11-23T12:30:01Z")} until {Pick("2026-12-01", "2026-11-23T12:30:02Z", "2027-02-20")}";
            text.Append($"waive {Pick([.. _demands])} when {WaiverCondition()} {time} because \"random\" approved-by \"chance\"\n");
        }
        if (random.Next(4) == 0)
            text.Append($"invariant \"random\" : cipher-suites always {Pick("deny", "{ versions 1.3 }", "{ suites where aead and key-bits >= 128 }")} when {Condition(1)}\n");
        return text.ToString();
    }

    private string Demand(int policy, string name)
    {
        _demands.Add($"p{policy}.{name}");
        return name;
    }

    private string Block(string kind, Func<string> fields)
    {
        var text = new StringBuilder($"{kind} {{\n");
        for (int i = random.Next(5); i > 0; i--)
            text.Append($"  when {Condition(2)} {(random.Next(6) == 0 ? "deny \"random\"" : $"use {{ {fields()} }}")}\n");
        if (random.Next(4) > 0)
            text.Append($"  otherwise use {{ {fields()} }}\n");
        return text.Append("}\n").ToString();
    }

    private string Channel() => Some("versions 1.3", "versions 1.2, 1.3") + Some($"suites {Several(Suites)}", $"suites {Several(Suites)}", $"suites where {Pick("aead and version == \"TLS1.3\"", "key-bits >= 256 and dtls")}")
        + Some("early-data permitted", "early-data forbidden") + Some("resumption permitted", "resumption forbidden") + Some("session-lifetime 1h", "session-lifetime 8h") + Windows();

    private string Auth() => Some("methods x509", "methods psk, x509", "methods x509, spiffe-x509, psk") + Some("mutual required", "mutual optional")
        + Some("key-protection tee", "key-protection hsm") + Some("revocation soft within 2h", "revocation hard within 1d") + Some("attestation within 1h")
        + Some($"capabilities {Several(Labels)}", $"capabilities {Several(Labels)}") + Windows();

    private string Rotation() => Some("lifetime 1d", "lifetime 2d") + Some("renew-at 2/3", "renew-at 1/2") + Some("spread 10%", "spread 20%") + Some("rotate-now") + Windows();

    private string Windows() => Some("fresh-for 1h", "fresh-for 10m") + Some("usable-for 30m", "usable-for 1d", "usable-for 2d");

    /// <summary>A waiver may not hold because something is missing, nor by a default.</summary>
    private string WaiverCondition()
    {
        string condition = Condition(1);
        while (AsksWhatIsThere(condition))
            condition = Condition(1);
        return condition;
    }

    private static bool AsksWhatIsThere(string condition) => new[] { "has ", "mode ", "life " }.Any(word => condition.Contains(word, StringComparison.Ordinal));

    private string Condition(int depth) => depth == 0 || random.Next(3) == 0 ? Test() : random.Next(5) switch
    {
        0 or 1 => $"({Condition(depth - 1)} and {Condition(depth - 1)})",
        2 or 3 => $"({Condition(depth - 1)} or {Condition(depth - 1)})",
        _ => $"not ({Condition(depth - 1)})",
    };

    private string Test() => random.Next(isCorrelated ? 21 : 18) switch
    {
        0 => "flag",
        1 => $"kind {Pick("==", "!=")} \"{Pick("a", "b", "c", "d")}\"",
        2 => $"kind in [\"{Pick("a", "b")}\", \"{Pick("c", "d")}\"]",
        3 => $"name {Pick("==", "!=")} \"{Pick(Texts)}\"",
        4 => $"level {Comparison()} {random.Next(-3, 13)}",
        5 => random.Next(-3, 5) is var low ? $"level in {low}..{random.Next(low, 13)}" : "",
        6 => $"version {Comparison()} {Pick(Versions)}",
        7 => $"age {Comparison()} {Pick(Ages)}",
        8 => $"version in {Versions[0]}..{Pick(Versions[1..])}",
        9 => $"tags contains \"{Pick(Tags)}\"",
        10 => $"place within {Pick("10.0.0.0/8", "192.168.7.0/24", "2001:db8::/32", "[10.1.0.0/16, ::1]", "::/0", "0.0.0.0/0")}",
        11 => $"due {Comparison()} {Pick("2026-11-23T12:30Z", "2027-01-31")}",
        12 => $"{Pick("uptime", "uptime", "life")} {Comparison()} {Pick("0s", "1s", "1h", "3d")}",
        13 => $"serial starts-with \"{Pick("A", "AB", "AB-")}\"",
        14 => $"time.of-day in {Pick("22:00..06:00", "12:00..12:30", "12:30..13:00")}",
        15 => $"time.weekday {Pick("== mon", "!= mon", "in [sat, sun]", "in fri..mon")}",
        16 => $"time.now {Comparison()} {Pick("2026-11-23T12:30Z", "2027-01-31")}",
        17 => $"mode == \"{Pick("on", "off")}\"",
        18 => $"has {Pick("kind", "tags", "uptime", "mode", "life")}",
        19 => $"kind {Pick("==", "!=")} twin",
        20 => $"serial == \"{Pick("AB", "AC")}\"",
        _ => "flag == false",
    };

    private string Comparison() => Pick("==", "!=", "<", "<=", ">", ">=");

    private string Some(params string[] choices) => random.Next(3) == 0 ? "" : Pick(choices) + "  ";

    private string Several(string[] from) => string.Join(", ", from.OrderBy(_ => random.Next()).Take(random.Next(1, from.Length + 1)));

    private string Pick(params string[] from) => from[random.Next(from.Length)];
}
