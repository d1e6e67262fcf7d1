using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Auditing.Export;

/// <summary>Remembers in one file how far a log was sent. A file that cannot be understood, or that is about another log, is as good as none: then all of the log is sent.</summary>
internal sealed class ExportPosition(string path)
{
    /// <summary>The number of the first record that was not sent yet.</summary>
    public long Find(string log)
    {
        try
        {
            return File.Exists(path) && JsonNode.Parse(File.ReadAllText(path)) is JsonObject root && (string?)root["log"] == log && (long?)root["next"] is { } next and >= 0 ? next : 0;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException)
        {
            return 0;
        }
    }

    /// <summary>Remembers how far a log was sent.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    public void Remember(string log, long next) =>
        PrivateFile.Replace(path, new JsonObject { ["log"] = log, ["next"] = next }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
}
