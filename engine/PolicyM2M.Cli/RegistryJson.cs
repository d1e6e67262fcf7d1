using System.Collections.Immutable;
using System.Text.Json;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>What a bundle names of the IANA registries, as JSON.</summary>
internal static class RegistryJson
{
    /// <summary>Writes the property <c>registry</c>.</summary>
    public static void Write(Utf8JsonWriter writer, RegistrySubset registry)
    {
        writer.WriteStartObject("registry");
        writer.WriteString("tables", registry.Tables);
        Write(writer, "suites", registry.Suites);
        Write(writer, "groups", registry.Groups);
        Write(writer, "signatures", registry.Signatures);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string property, ImmutableArray<RegisteredName> names)
    {
        writer.WriteStartObject(property);
        foreach (RegisteredName name in names)
            writer.WriteNumber(name.Name, name.CodePoint);
        writer.WriteEndObject();
    }
}
