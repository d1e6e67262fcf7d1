using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>The commit of a source that was served last.</summary>
/// <param name="Commit">Its id.</param>
/// <param name="WasSigned">Whether it was served while only signed commits were.</param>
internal sealed record ServedCommit(string Commit, bool WasSigned);

/// <summary>
/// Remembers in one file which commit of each source was served last, so that a restart while the newest commit is broken serves what was
/// served before it, and so that history only goes forward: a file that cannot be understood keeps the server from starting. Written whole, by the follower alone.
/// </summary>
internal sealed class LastServed(string path)
{
    /// <summary>Of sources beyond these the oldest are forgotten: a data folder serves one or a few.</summary>
    private const int MaximumSources = 32;

    /// <summary>The commit of a source that was served last; null where none is known.</summary>
    /// <exception cref="StartupException">The file cannot be read or understood.</exception>
    public ServedCommit? Find(RevisionSource source)
    {
        try
        {
            return Entries().FirstOrDefault(entry => entry.IsOf(source)) is { } entry ? new ServedCommit(entry.Commit, entry.WasSigned) : null;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupException(
                $"{path} cannot be read, and it says which commit was served last, before which nothing is served: {FaultText.Of(unusable)}; mend it, or remove it to start with the newest commit, whatever its history",
                ExitCode.CouldNotRun, unusable);
        }
    }

    /// <summary>Remembers what is served of a source.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    /// <exception cref="JsonException">What is there was damaged since the start.</exception>
    public void Remember(RevisionSource source, string commit)
    {
        Entry[] known = Entries();
        var served = new Entry(source.Repository, source.Ref, source.Folder, commit, source.RequiresSignatures);
        if (known.FirstOrDefault() == served)
            return;
        IEnumerable<Entry> kept = known.Where(entry => !entry.IsOf(source)).Prepend(served).Take(MaximumSources);
        var list = new JsonArray([.. kept.Select(entry => new JsonObject
        {
            ["repository"] = entry.Repository, ["ref"] = entry.Ref, ["path"] = entry.Folder, ["commit"] = entry.Commit, ["signed"] = entry.WasSigned,
        })]);
        PrivateFile.Replace(path, list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private Entry[] Entries()
    {
        if (!File.Exists(path))
            return [];
        try
        {
            return [.. (JsonNode.Parse(File.ReadAllText(path)) as JsonArray ?? throw new JsonException("it is no list")).Select(Entry.Of)];
        }
        catch (Exception unusable) when (unusable is InvalidOperationException or FormatException)
        {
            throw new JsonException(unusable.Message, unusable);
        }
    }

    private sealed record Entry(string Repository, string Ref, string Folder, string Commit, bool WasSigned)
    {
        public static Entry Of(JsonNode? node) => new(Text(node, "repository"), Text(node, "ref"), Text(node, "path"), Text(node, "commit"), node?["signed"]?.GetValue<bool>() ?? false);

        public bool IsOf(RevisionSource source) => (Repository, Ref, Folder) == (source.Repository, source.Ref, source.Folder);

        private static string Text(JsonNode? node, string name) => node?[name]?.GetValue<string>() ?? throw new FormatException($"no `{name}`");
    }
}
