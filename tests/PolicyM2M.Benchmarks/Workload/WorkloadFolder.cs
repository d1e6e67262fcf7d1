using System.Text;
using System.Text.Json;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Workload;

/// <summary>Writes a generated set to a folder, so that <c>m2m</c> can be used on it.</summary>
internal static class WorkloadFolder
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The policy set, <c>contexts.jsonl</c>, and <c>expected.jsonl</c> with what the naive evaluator answers to each line of it.</summary>
    public static void Write(GeneratedSet set, string folder)
    {
        WritePolicies(set, folder);
        File.WriteAllText(Path.Combine(folder, "contexts.jsonl"), Lines(set.Contexts, (writer, values) => Context(writer, set, values)), Utf8);
        File.WriteAllText(Path.Combine(folder, "expected.jsonl"), Lines(set.Contexts, (writer, values) => Expected(writer, set.Expected(values))), Utf8);
    }

    /// <summary>The policy set alone.</summary>
    public static void WritePolicies(GeneratedSet set, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (SourceFile source in set.Sources())
            File.WriteAllText(Path.Combine(folder, source.Path), source.Text, Utf8);
    }

    private static string Lines<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        using var bytes = new MemoryStream();
        foreach (T item in items)
        {
            using (var writer = new Utf8JsonWriter(bytes))
                write(writer, item);
            bytes.WriteByte((byte)'\n');
        }
        return Utf8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static void Context(Utf8JsonWriter writer, GeneratedSet set, AttributeValue[] values)
    {
        writer.WriteStartObject();
        for (int i = 0; i < values.Length; i++)
        {
            string name = set.Attributes[i].Name;
            if (values[i].Kind == AttributeValueKind.Boolean)
                writer.WriteBoolean(name, values[i].Boolean);
            else if (values[i].Kind == AttributeValueKind.Integer)
                writer.WriteNumber(name, values[i].Integer);
            else
                writer.WriteString(name, values[i].Text);
        }
        writer.WriteEndObject();
    }

    private static void Expected(Utf8JsonWriter writer, ExpectedAnswer answer)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("denied", answer.IsDenied);
        if (!answer.IsDenied)
        {
            writer.WriteNumber("session-lifetime", answer.SessionLifetime);
            writer.WriteNumber("fresh-for", answer.FreshFor);
        }
        writer.WriteEndObject();
    }
}
