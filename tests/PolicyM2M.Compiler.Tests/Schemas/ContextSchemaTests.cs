using System.Text.Json;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>What the schema of a set's contexts says of a text, and what a decision takes it for, is the same.</summary>
internal sealed class ContextSchemaTests
{
    private static readonly string[] Texts =
    [
        .. DocumentChange.Texts, "02.04", "1.0-01", "1.2.3.4.5", "2.4.0+5", "1h30m0s", "2027-01-31T06:00:30.250Z", "2027-01-31T06:00:30.Z", "2027-01-31T06:00.5Z", "2027-01-31T06:00+0200", "2027-01-31T06:00+2:00",
        "2027-01-31T06:00+02:00", "::1", "::ffff:10.0.0.1", "10.0.0.0/8", "",
    ];

    [TestCase("version")]
    [TestCase("duration")]
    [TestCase("instant")]
    [TestCase("address")]
    [TestCase("string")]
    public void A_text_that_the_schema_refuses_cannot_be_used_and_the_other_way_round(string type)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", $"attributes:\n  a.b: {{ type: {type}, provenance: claimed, description: x }}\n"),
            new SourceFile("p.m2m", "policy p\nauth { otherwise use { methods x509 } }\n"),
        ]);
        var schema = SchemaFile.Of(ContextSchema.Of(compilation.Bundle!));
        var coding = new AttributeCoding(compilation.Bundle!.Attributes["a.b"], []);
        foreach (string text in Texts)
        {
            bool isUsable = coding.TryEncode(AttributeValue.Of(text), out _);
            Assert.That(schema.Faults($$"""{"a.b": {{JsonSerializer.Serialize(text)}}}""").Count == 0, Is.EqualTo(isUsable), $"`{text}` by its dotted name");
            Assert.That(schema.Faults($$"""{"a": {"b": {{JsonSerializer.Serialize(text)}} } }""").Count == 0, Is.EqualTo(isUsable), $"`{text}` in an object");
        }
        Assert.That(schema.Faults("""{"unknown": 1}"""), Is.Empty, "a decision point ignores what it does not know, and says so");
    }
}
