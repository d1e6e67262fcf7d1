using System.Text.Json.Nodes;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>Every value that authors may try for a field, alone, in a list and beside another: schema and compiler take the same, in a policy and in what a test expects.</summary>
internal sealed class FieldAgreementTests
{
    [Test]
    public void A_field_takes_what_its_schema_takes([Values] DecisionKind kind, [Values("use", "with", "expect")] string where)
    {
        SchemaFile schema = SchemaFile.Load(where == "expect" ? "tests" : "policy");
        int refused = 0, taken = 0;
        // After `with` only lists are written otherwise.
        foreach (Field field in Field.Of(kind).Where(field => where switch { "expect" => true, "with" => field.Shape is FieldShape.NameList || field == Field.Lifetime, _ => field != Field.RevocationWithin }))
        {
            foreach (JsonNode? value in Values(where, new Random(field.Name.Length)))
            {
                string document = Document(kind, where, field.Name, value);
                IReadOnlyList<string> bySchema = schema.Faults(document);
                string[] byCompiler = [.. Faults(where, document)];
                _ = bySchema.Count > 0 ? refused++ : taken++;
                Assert.That(bySchema.Count > 0, Is.EqualTo(byCompiler.Length > 0),
                    () => $"{field.Name}: {value?.ToJsonString() ?? "null"}\nschema: {string.Join("; ", bySchema.Take(1))}\ncompiler: {string.Join("; ", byCompiler)}");
            }
        }
        Assert.That(Math.Min(refused, taken), Is.GreaterThan(5));
    }

    /// <summary>What is no JSON: the ways in which YAML writes truths and nothing, which an editor reads before it asks a schema.</summary>
    [TestCase("rotation", "rotate-now", "True", true)]
    [TestCase("rotation", "rotate-now", "TRUE", true)]
    [TestCase("rotation", "rotate-now", "", false)]
    [TestCase("rotation", "rotate-now", "~", false)]
    [TestCase("rotation", "rotate-now", "Null", false)]
    [TestCase("rotation", "rotate-now", "yes", false)]
    [TestCase("rotation", "rotate-now", "FALSE", false)]
    [TestCase("auth", "capabilities", "False", false)]
    [TestCase("auth", "capabilities", "[a, True]", false)]
    [TestCase("auth", "capabilities", "[a, null]", false)]
    [TestCase("auth", "capabilities", "[a, 'True']", true)]
    [TestCase("auth", "capabilities", "'\"a\"'", false)]
    [TestCase("auth", "methods", "'\"x509\"'", false, Description = "a name is no text")]
    public void What_YAML_writes_otherwise_is_read_as_an_editor_does(string kind, string field, string value, bool isTaken)
    {
        string yaml = $"policy: p\n{kind}:\n  - otherwise:\n      use: {{ {field}: {value} }}\n";
        Assert.That(SchemaFile.Load("policy").Faults(YamlAsJson.Of(yaml)!.ToJsonString()).Count == 0, Is.EqualTo(isTaken));
        Assert.That(Faults("use", yaml), isTaken ? Is.Empty : Is.Not.Empty);
    }

    private static IEnumerable<JsonNode?> Values(string where, Random random)
    {
        JsonNode?[] scalars = [null, true, false, 0, -1, 5, 0.5m, 1.2m, 1.3m, .. DocumentChange.Texts.Select(text => JsonValue.Create(text))];
        string[] others = ["x509", "1.3", "TLS1.3", "1h", "2/3", "required"];
        return
        [
            .. scalars, new JsonObject(), new JsonArray(), new JsonArray(1.3m, "1.3"), new JsonArray(1.3m, "TLS1.3"), new JsonArray(1.3m, "1.2"), new JsonArray("x509", "psk"),
            .. scalars.Select(scalar => new JsonArray(scalar?.DeepClone())),
            .. scalars.Select(scalar => new JsonArray(random.GetItems(others, 1)[0], scalar?.DeepClone())),
            .. (where == "expect" ? scalars : scalars[..3]).SelectMany(scalar => new[] { "at-least", "includes" }.Select(bound => new JsonObject { [bound] = scalar?.DeepClone() })),
        ];
    }

    private static string Document(DecisionKind kind, string where, string field, JsonNode? value)
    {
        var fields = new JsonObject { [field] = value?.DeepClone() };
        if (where == "expect")
            return new JsonObject { ["now"] = "2026-11-23", ["cases"] = new JsonArray(new JsonObject { ["name"] = "x", ["expect"] = new JsonObject { [kind.Name()] = fields } }) }.ToJsonString();
        JsonObject answer = where == "use" ? new() { ["use"] = fields } : new() { ["use"] = "base", ["with"] = fields };
        // The lists of the profile hold what is taken off them, and more.
        JsonNode lists = JsonNode.Parse(kind switch
        {
            DecisionKind.CipherSuites => """{"versions": [1.2, 1.3], "suites": ["TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256"], "groups": ["x25519", "secp256r1"], "signatures": ["ed25519"]}""",
            DecisionKind.Auth => """{"methods": ["x509", "oauth-mtls"], "key-algorithms": ["ed25519"], "capabilities": ["a"]}""",
            _ => "{}",
        })!;
        lists["kind"] = kind.Name();
        return new JsonObject { ["policy"] = "p", ["profiles"] = new JsonObject { ["base"] = lists }, [kind.Name()] = new JsonArray(new JsonObject { ["otherwise"] = answer }) }.ToJsonString();
    }

    /// <summary>What is wrong with the document. Which facts a registry's table has is the language's: a schema takes whatever follows `where`.</summary>
    private static IEnumerable<string> Faults(string where, string document)
    {
        var faults = new Faults();
        if (where == "expect")
            PolicyTestReader.Read(new SourceText(new SourceFile("s.tests.yaml", document)), new Dictionary<string, Engine.Contexts.AttributeDefinition>(), [], new Dictionary<string, SourceFile>(), faults);
        else
            PolicyCompiler.Bind([new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m.yaml]\n"), new SourceFile("a.attributes.yaml", "attributes: {}\n"), new SourceFile("p.m2m.yaml", document)], faults);
        return faults.Sorted().Where(fault => fault.Severity == Severity.Error && fault.Code != "M2M209").Select(fault => fault.ToString());
    }
}
