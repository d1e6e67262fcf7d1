using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>
/// What an editor says by a schema and what the compiler says is the same: each takes a file or refuses it. Left to the compiler alone is what
/// a schema cannot know: names that other files declare, and what stands inside a condition.
/// </summary>
internal sealed partial class SchemaAgreementTests
{
    private const string Attributes = """
        {"attributes": {
          "kind": {"type": "enum", "values": ["plc", "sensor"], "provenance": "claimed", "description": "x", "default": "plc"},
          "tags": {"type": "set", "values": ["a", "b"], "provenance": "claimed", "description": "x"},
          "risk": {"type": "int", "minimum": 0, "maximum": 100, "provenance": "registry", "description": "x"},
          "since": {"type": "instant", "provenance": "claimed", "description": "x"},
          "age": {"type": "duration", "age-of": "since", "provenance": "claimed", "description": "x"},
          "uptime": {"type": "duration", "maximum": "30d", "provenance": "claimed", "description": "x", "default": "1h"},
          "made": {"type": "instant", "provenance": "claimed", "description": "x", "default": "2026-01-01"},
          "version": {"type": "version", "provenance": "claimed", "description": "x", "default": "2.4.0"},
          "place": {"type": "address", "provenance": "claimed", "description": "x", "default": "::1"},
          "count": {"type": "int", "provenance": "claimed", "description": "x", "default": 5},
          "boot.secure": {"type": "bool", "provenance": "claimed", "description": "x", "default": false}
        }}
        """;

    private const string Manifest = """{"name": "s", "attributes": "s.attributes.yaml", "policies": ["p.m2m.yaml"], "longest-waiver": "90d", "protected": [{"paths": ["p.m2m.yaml", "c"], "signers": 2}]}""";

    private const string Policy = """
        {"policy": "p", "description": "x", "zone": "+02:00", "for": "risk < 90",
         "define": {"odd": "risk > 5"},
         "profiles": {"modern": {"kind": "auth", "methods": ["x509"], "fresh-for": "1h"}, "more": {"kind": "auth", "use": "modern", "with": {"mutual": "required"}}},
         "auth": [{"when": "odd", "deny": "no"}, {"when": "risk > 3", "use": "modern", "with": {"methods": ["psk"]}}, {"otherwise": {"use": {"methods": ["x509"], "attestation": "within 6h"}}}],
         "rules": [
           {"require": "a", "kind": "auth", "use": {"mutual": "required"}, "when": "odd"},
           {"forbid": "b", "kind": "rotation", "deny": "no"},
           {"waive": "p.a", "when": "odd", "from": "2026-12-01", "until": "2027-01-31", "because": "x", "approved-by": "y"},
           {"invariant": "c", "kind": "auth", "always": "deny", "when": "odd"},
           {"invariant": "d", "kind": "auth", "always": {"use": {"mutual": "required"}}}],
         "then": [
           {"rotation": [{"otherwise": {"use": {"lifetime": "1d", "renew-at": "2/3", "spread": "10%", "rekey": "required", "rotate-now": true}}}]},
           {"cipher-suites": [{"otherwise": {"use": {"versions": [1.3], "suites": ["TLS_AES_128_GCM_SHA256"], "groups": "where tls13", "early-data": "forbidden"}}}]}]}
        """;

    private const string Tests = """
        {"now": "2026-11-23T12:00Z",
         "fixtures": {"plc": {"kind": "plc", "risk": 3}},
         "cases": [
           {"name": "x", "given": "plc", "expect": {"auth": "allow", "rotation": {"lifetime": "1d", "decided-by": "p rotation otherwise"}}},
           {"name": "y", "given": {"like": "plc", "risk": 50}, "now": "2027-01-01", "expect": {"auth": {"deny": "no", "decided-by": ["p auth case 1"]}, "cipher-suites": {"deny-contains": "a"}}},
           {"name": "z", "expect": {"auth": {"methods": {"includes": ["x509"], "excludes": "psk"}, "fresh-for": {"at-most": "1h"}}}}],
         "tables": [{"name": "t", "given": "plc", "columns": ["risk", "auth"], "rows": [[3, "allow"], [60, "deny"]]}],
         "snapshots": [{"contexts": "c", "file": "c.snapshot.txt"}]}
        """;

    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("POLICYM2M_RUNS"), out int runs) ? runs : 600;

    private static IEnumerable<TestCaseData> Shipped =>
        from path in Directory.GetFiles(Path.Combine(Repository.Root, "policies"), "*.yaml", SearchOption.AllDirectories).Append(Path.Combine(Repository.Root, "schemas", "device.attributes.yaml"))
        let name = path.EndsWith("policyset.yaml", StringComparison.Ordinal) ? "policyset" : path.EndsWith(".attributes.yaml", StringComparison.Ordinal) ? "attributes" : path.EndsWith(".tests.yaml", StringComparison.Ordinal) ? "tests" : "policy"
        select new TestCaseData(name, path).SetArgDisplayNames(Path.GetRelativePath(Repository.Root, path));

    [TestCaseSource(nameof(Shipped))]
    public void What_ships_is_accepted(string schema, string path) =>
        Assert.That(SchemaFile.Load(schema).Faults(YamlAsJson.Of(File.ReadAllText(path))!.ToJsonString()), Is.Empty);

    [TestCase("policyset", Manifest)]
    [TestCase("attributes", Attributes)]
    [TestCase("policy", Policy)]
    [TestCase("tests", Tests)]
    public void What_the_schema_refuses_the_compiler_refuses_and_the_other_way_round(string name, string document)
    {
        SchemaFile schema = SchemaFile.Load(name);
        Assert.That(schema.Faults(document), Is.Empty);
        Assert.That(Refused(name, document), Is.Empty, "the document is sound before it is changed");
        int refused = 0;
        SeededProperty.Holds(Runs, random =>
        {
            JsonNode changed = JsonNode.Parse(document)!;
            string what = DocumentChange.Make(changed, random);
            IReadOnlyList<string> bySchema = schema.Faults(changed.ToJsonString()), byLoader = Refused(name, changed.ToJsonString(), isOfTable: what.Contains(".tables[0].", StringComparison.Ordinal));
            refused += bySchema.Count > 0 ? 1 : 0;
            Func<string> both = () => $"{what}\nschema: {string.Join("; ", bySchema.Take(1))}\ncompiler: {string.Join("; ", byLoader)}";
            if (bySchema.Count > 0)
                Assert.That(All(name, changed.ToJsonString()), Is.Not.Empty, both);
            else if (!IsInCondition(what))
                Assert.That(byLoader, Is.Empty, both);
        });
        Assert.That(refused, Is.GreaterThan(Runs / 4));
    }

    [Test]
    public void Only_what_a_device_says_itself_has_a_default([Values("claimed", "attested", "registry")] string provenance, [Values("bool", "int", "instant", "enum")] string type, [Values] bool isThere)
    {
        string document = $$"""
            {"attributes": {"a": {"type": "{{type}}", {{(type == "enum" ? "\"values\": [\"x\"]," : "")}} "provenance": "{{provenance}}", "description": "x"
              {{(isThere ? $", \"default\": \"{type switch { "bool" => "true", "int" => "7", "enum" => "x", _ => "2026-01-01T00:00Z" }}\"" : "")}} } } }
            """;
        bool isRefused = isThere && provenance != "claimed";
        Assert.That(SchemaFile.Load("attributes").Faults(document).Count > 0, Is.EqualTo(isRefused));
        Assert.That(Refused("attributes", document), isRefused ? Has.One.Contains("only a claimed attribute has a default") : Is.Empty);
    }

    [TestCase("risk", false)]
    [TestCase("auth", false)]
    [TestCase("time.zone", false)]
    [TestCase("when", true)]
    [TestCase("starts-with", true)]
    [TestCase("true", true)]
    [TestCase("time.now", true)]
    [TestCase("time.of-day", true)]
    [TestCase("a..b", true)]
    public void No_attribute_is_called_by_a_word_of_the_language(string name, bool isRefused)
    {
        string document = $$"""{"attributes": {"{{name}}": {"type": "bool", "provenance": "claimed", "description": "x"} } }""";
        Assert.That(SchemaFile.Load("attributes").Faults(document).Count > 0, Is.EqualTo(isRefused));
        Assert.That(Refused("attributes", document), isRefused ? Has.Count.EqualTo(1) : Is.Empty);
    }

    /// <summary>The faults of a document that its own shape has.</summary>
    private static IReadOnlyList<string> Refused(string name, string document, bool isOfTable = false) =>
        [.. Faults(name, document).Where(fault => !IsOfOtherFiles(fault.Code) && !IsOfOtherPlaces(fault) && !(isOfTable && IsOfColumns(fault.Code))).Select(fault => fault.ToString())];

    /// <summary>What another file declares: attributes and their values, demands, rules, files, and how long a waiver may hold.</summary>
    private static bool IsOfOtherFiles(string code) => code is "M2M201" or "M2M202" or "M2M210" or "M2M320" or "M2M405" or "M2M503" or "M2M504" or "M2M506" or "M2M509";

    /// <summary>What another place of the same file decides: names that it declares, the other end of a range, which attributes are instants, which values an enumeration has, and what was given before.</summary>
    private static bool IsOfOtherPlaces(Diagnostic fault) => fault.Code is "M2M203" or "M2M206" or "M2M207" or "M2M208" or "M2M305" or "M2M321" or "M2M501" or "M2M511"
        || fault.Help?.Contains("the name of an instant attribute", StringComparison.Ordinal) == true
        || fault.Message.StartsWith("the field", StringComparison.Ordinal) || fault.Message.StartsWith("nothing can follow", StringComparison.Ordinal)
        || (fault.Message.Contains("`default`", StringComparison.Ordinal) && fault.Help?.StartsWith("expected one of", StringComparison.Ordinal) == true);

    /// <summary>What the columns of a table say of its cells.</summary>
    private static bool IsOfColumns(string code) => code is "M2M404" or "M2M505" or "M2M507" or "M2M508" or "M2M510";

    /// <summary>Whether a condition became another text: what stands in one is the language's, of which a schema knows nothing.</summary>
    private static bool IsInCondition(string what) => Condition().IsMatch(what);

    /// <summary>Whatever is wrong with it.</summary>
    private static IReadOnlyList<string> All(string name, string document) => [.. Faults(name, document).Select(fault => fault.ToString())];

    private static IEnumerable<Diagnostic> Faults(string name, string document)
    {
        string path = name switch { "policyset" => "policyset.yaml", "attributes" => "s.attributes.yaml", "policy" => "p.m2m.yaml", _ => "s.tests.yaml" };
        var files = new Dictionary<string, string> { ["policyset.yaml"] = Manifest, ["s.attributes.yaml"] = Attributes, ["p.m2m.yaml"] = Policy, ["s.tests.yaml"] = Tests, ["c/x.json"] = "{}", [path] = document };
        SourceFile[] sources = [.. files.Select(file => new SourceFile(file.Key, file.Value))];
        IEnumerable<Diagnostic> all = name == "tests" ? PolicyTester.Run(sources, sources, null, null).Diagnostics : PolicyCompiler.Compile(sources).Diagnostics;
        return all.Where(fault => fault.Severity == Severity.Error && fault.Position.File == path);
    }

    [GeneratedRegex(@"\.(when|for|define\.\w+) = """)]
    private static partial Regex Condition();
}
