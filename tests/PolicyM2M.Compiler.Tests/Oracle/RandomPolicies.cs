using System.Globalization;
using System.Text;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Tests.Oracle;

/// <summary>Random policy sets, as text, and random contexts for them. Small worlds, so that rules overlap and collide often.</summary>
internal sealed class RandomPolicies(Random random)
{
    private const string Schema = """
        attributes:
          kind:    { type: enum, values: [a, b, c, d], provenance: claimed, description: an enumeration }
          name:    { type: string, provenance: claimed, description: a free text }
          level:   { type: int, minimum: -3, maximum: 12, provenance: claimed, description: an int }
          version: { type: version, provenance: claimed, description: a version }
          age:     { type: duration, maximum: 1d, provenance: claimed, description: a duration }
          flag:    { type: bool, provenance: claimed, description: a bool }
        """;

    private static readonly string[] Suites = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256"];
    private static readonly string[] Texts = ["one", "two", "three"];
    private static readonly string[] Versions = ["1.0.0", "1.5", "2.0.0-rc.1", "2.0.0", "3.1.4"];
    private static readonly string[] Ages = ["1m", "1h", "5h", "23h"];
    private static readonly string[] Labels = ["read", "write", "admin"];

    public IReadOnlyList<SourceFile> Set()
    {
        int policies = random.Next(1, 4);
        string manifest = "name: random\nattributes: schema.attributes.yaml\npolicies:\n" + string.Concat(Enumerable.Range(0, policies).Select(i => $"  - p{i}.m2m\n"));
        return [new SourceFile("policyset.yaml", manifest), new SourceFile("schema.attributes.yaml", Schema),
            .. Enumerable.Range(0, policies).Select(i => new SourceFile($"p{i}.m2m", Policy(i)))];
    }

    /// <summary>A context in which up to <paramref name="missing"/> attributes are missing.</summary>
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
        };
        for (int i = random.Next(missing + 1); i > 0; i--)
            all.Remove(Pick([.. all.Keys]));
        return DeviceContext.Of(all);
    }

    private string Policy(int number)
    {
        var text = new StringBuilder($"policy p{number}");
        if (random.Next(3) == 0)
            text.Append($" for {Condition(1)}");
        text.Append("\n\ndefine named = ").Append(Condition(2)).Append('\n');
        if (random.Next(4) > 0)
            text.Append(Block("cipher-suites", Channel));
        if (random.Next(4) > 0)
            text.Append(Block("auth", Auth));
        if (random.Next(4) > 0)
            text.Append(Block("rotation", Rotation));
        for (int i = random.Next(3); i > 0; i--)
            text.Append(CultureInfo.InvariantCulture, $"require r{i} : cipher-suites {{ {Channel()} }} when {Condition(1)}\n");
        if (random.Next(3) == 0)
            text.Append($"require a : auth {{ {Auth()} }}\n");
        if (random.Next(3) == 0)
            text.Append($"forbid f : rotation \"no\" when {Condition(2)}\n");
        return text.ToString();
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

    private string Channel() => Some("versions 1.3", "versions 1.2, 1.3") + Some($"suites {Several(Suites)}", $"suites {Several(Suites)}", $"suites {Several(Suites)}")
        + Some("early-data permitted", "early-data forbidden") + Some("resumption permitted", "resumption forbidden") + Some("session-lifetime 1h", "session-lifetime 8h") + Windows();

    private string Auth() => Some("methods x509", "methods psk, x509", "methods x509, spiffe-x509, psk") + Some("mutual required", "mutual optional")
        + Some("key-protection tee", "key-protection hsm") + Some("revocation soft within 2h", "revocation hard within 1d") + Some("attestation within 1h")
        + Some($"capabilities {Several(Labels)}", $"capabilities {Several(Labels)}") + Windows();

    private string Rotation() => Some("lifetime 1d", "lifetime 2d") + Some("renew-at 2/3", "renew-at 1/2") + Some("spread 10%", "spread 20%") + Some("rotate-now") + Windows();

    private string Windows() => Some("fresh-for 1h", "fresh-for 10m") + Some("usable-for 30m", "usable-for 1d", "usable-for 2d");

    private string Condition(int depth) => depth == 0 || random.Next(3) == 0 ? Test() : random.Next(5) switch
    {
        0 or 1 => $"({Condition(depth - 1)} and {Condition(depth - 1)})",
        2 or 3 => $"({Condition(depth - 1)} or {Condition(depth - 1)})",
        _ => $"not ({Condition(depth - 1)})",
    };

    private string Test() => random.Next(10) switch
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
        _ => "flag == false",
    };

    private string Comparison() => Pick("==", "!=", "<", "<=", ">", ">=");

    private string Some(params string[] choices) => random.Next(3) == 0 ? "" : Pick(choices) + "  ";

    private string Several(string[] from) => string.Join(", ", from.OrderBy(_ => random.Next()).Take(random.Next(1, from.Length + 1)));

    private string Pick(params string[] from) => from[random.Next(from.Length)];
}
