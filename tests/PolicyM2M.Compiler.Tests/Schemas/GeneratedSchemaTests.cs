using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>What the schemas say of fields and values is what the compiler's tables say. With <c>POLICYM2M_ACCEPT=1</c> the files are written anew.</summary>
internal sealed class GeneratedSchemaTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Test]
    public void The_schemas_are_those_of_the_compilers_tables([Values("policy", "tests", "policyset", "attributes")] string name)
    {
        string path = Path.Combine(Repository.Root, "schemas", "json", $"{name}.schema.json"), text = File.ReadAllText(path);
        string made = (name == "policy" ? PolicySchema.Make() : WithDefinitions(JsonNode.Parse(text)!.AsObject(), SharedDefinitions.Of(name))).ToJsonString(Indented) + "\n";
        bool isAccepted = Environment.GetEnvironmentVariable(Snapshot.AcceptVariable) == "1" && Environment.GetEnvironmentVariable("CI") is null or "";
        if (isAccepted)
            File.WriteAllText(path, made);
        Assert.That(isAccepted ? made : text, Is.EqualTo(made), $"the file is not what the tables make; {Snapshot.AcceptVariable}=1 writes it");
        Assert.That(JsonNode.Parse(made)!["definitions"]!.AsObject().Select(entry => entry.Key).Where(key => !made.Contains($"\"#/definitions/{key}\"", StringComparison.Ordinal)), Is.Empty, "every definition is used");
    }

    private static JsonObject WithDefinitions(JsonObject schema, JsonObject made)
    {
        JsonObject definitions = schema["definitions"]?.AsObject() ?? [];
        schema["definitions"] = definitions;
        foreach ((string key, JsonNode? definition) in made)
            definitions[key] = definition!.DeepClone();
        return schema;
    }
}
