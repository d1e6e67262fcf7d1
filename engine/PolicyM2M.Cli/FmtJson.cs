using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Cli;

/// <summary>What <c>m2m fmt --check</c> found, as JSON.</summary>
internal static class FmtJson
{
    public static string Of(IReadOnlyList<FormattedFile> files, IReadOnlyList<Diagnostic> diagnostics) => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("formatted", diagnostics.Count == 0 && files.All(file => file.IsSame));
        writer.WriteStartArray("files");
        foreach (FormattedFile file in files)
        {
            writer.WriteStartObject();
            writer.WriteString("file", file.File.Path);
            writer.WriteBoolean("formatted", file.IsSame);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        CheckCommand.WriteDiagnostics(writer, diagnostics);
        writer.WriteEndObject();
    });
}
