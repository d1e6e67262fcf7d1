using System.Text.Encodings.Web;
using System.Text.Json;

namespace PolicyM2M.Cli;

/// <summary>JSON as the command writes it: for people indented, for programs one value a line, always with <c>\n</c>.</summary>
internal static class Json
{
    public static string Write(bool indented, Action<Utf8JsonWriter> content)
    {
        using var bytes = new MemoryStream();
        // What is written goes to a terminal or a program and never into a web page, so quotes and umlauts stay readable.
        var options = new JsonWriterOptions { Indented = indented, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var writer = new Utf8JsonWriter(bytes, options))
            content(writer);
        return Utf8.Strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    public static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
