using NJsonSchema;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>A JSON Schema, such as those of <c>schemas/json</c>. All use of the library is here.</summary>
internal sealed class SchemaFile
{
    private readonly JsonSchema _schema;

    private SchemaFile(JsonSchema schema) => _schema = schema;

    public static SchemaFile Load(string name) => Of(File.ReadAllText(Path.Combine(Repository.Root, "schemas", "json", $"{name}.schema.json")));

    public static SchemaFile Of(string schema) => new(JsonSchema.FromJsonAsync(schema).GetAwaiter().GetResult());

    /// <summary>What the schema says against a document; empty where it accepts it.</summary>
    public IReadOnlyList<string> Faults(string json) => [.. _schema.Validate(json).Select(fault => fault.ToString())];
}
