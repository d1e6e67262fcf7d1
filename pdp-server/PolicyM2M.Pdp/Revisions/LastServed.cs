using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>
/// Remembers in one file which commit of each source was served last, so that a restart while the newest commit is broken serves what was
/// served before it. Written whole, by the follower alone; a file that cannot be understood is as good as none.
/// </summary>
internal sealed class LastServed(string path)
{
    /// <summary>Of sources beyond these the oldest are forgotten: a data folder serves one or a few.</summary>
    private const int MaximumSources = 32;

    /// <summary>The commit of a source that was served last; null where none is known.</summary>
    public string? Find(RevisionSource source) =>
        Entries().FirstOrDefault(entry => entry.IsOf(source))?.Commit;

    /// <summary>Remembers what is served of a source.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    public void Remember(RevisionSource source, string commit)
    {
        Entry[] known = Entries();
        if (known.FirstOrDefault() is { } last && last.IsOf(source) && last.Commit == commit)
            return;
        IEnumerable<Entry> kept = known.Where(entry => !entry.IsOf(source)).Prepend(new Entry(source.Repository, source.Ref, source.Folder, commit)).Take(MaximumSources);
        var list = new JsonArray([.. kept.Select(entry => new JsonObject
        {
            ["repository"] = entry.Repository, ["ref"] = entry.Ref, ["path"] = entry.Folder, ["commit"] = entry.Commit,
        })]);
        PrivateFile.Replace(path, list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private Entry[] Entries()
    {
        try
        {
            return File.Exists(path) && JsonNode.Parse(File.ReadAllText(path)) is JsonArray list ? [.. list.Select(Entry.Of)] : [];
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException)
        {
            return [];
        }
    }

    private sealed record Entry(string Repository, string Ref, string Folder, string Commit)
    {
        public static Entry Of(JsonNode? node) => new(Text(node, "repository"), Text(node, "ref"), Text(node, "path"), Text(node, "commit"));

        public bool IsOf(RevisionSource source) => (Repository, Ref, Folder) == (source.Repository, source.Ref, source.Folder);

        private static string Text(JsonNode? node, string name) => node?[name]?.GetValue<string>() ?? throw new FormatException($"no `{name}`");
    }
}
