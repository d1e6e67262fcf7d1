using System.Text.Json;

namespace PolicyM2M.Engine.Lattice;

/// <summary>
/// The fields of an outcome as JSON: under the names that policies use, lists as arrays, yes and no as such, and durations and shares
/// as the texts that a policy would write. A field that is not constrained is left out.
/// </summary>
public static class OutcomeJson
{
    /// <summary>Writes the fields as an object with that name.</summary>
    public static void Write(Utf8JsonWriter writer, string name, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(outcome);
        writer.WriteStartObject(name);
        foreach ((Field field, FieldValue value) in outcome.Values)
            Write(writer, field.Name, value);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, FieldValue value)
    {
        switch (value)
        {
            case FieldValue.Names names:
                writer.WriteStartArray(name);
                foreach (string item in names.Items)
                    writer.WriteStringValue(item);
                writer.WriteEndArray();
                break;
            case FieldValue.Level { Name: "true" or "false" } truth:
                writer.WriteBoolean(name, truth.Name == "true");
                break;
            default:
                writer.WriteString(name, value.ToString());
                break;
        }
    }
}
