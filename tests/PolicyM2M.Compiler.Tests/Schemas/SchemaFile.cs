using NJsonSchema;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>A JSON Schema of <c>schemas/json</c>. All use of the library is here.</summary>
internal sealed class SchemaFile
{
    private readonly JsonSchema _schema;

    private SchemaFile(JsonSchema schema) => _schema = schema;

    public static SchemaFile Load(string name) =>
        new(JsonSchema.FromJsonAsync(File.ReadAllText(Path.Combine(Repository.Root, "schemas", "json", $"{name}.schema.json"))).GetAwaiter().GetResult());

    /// <summary>What the schema says against a document; empty where it accepts it.</summary>
    public IReadOnlyList<string> Faults(string json) => [.. _schema.Validate(json).Select(fault => fault.ToString())];
}
