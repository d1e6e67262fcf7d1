using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Audit.Storage;
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

    /// <summary>What <c>--accept</c> names at this start; the start's alone, and then under the lock of the roll-out.</summary>
    private string? _accepted;

    /// <summary>The commit of a source that was served last; null where none is known.</summary>
    /// <exception cref="StartupException">The file cannot be read or understood.</exception>
    public ServedCommit? Find(RevisionSource source) => Known(source) is { } entry ? new ServedCommit(entry.Commit, entry.WasSigned) : null;

    private Entry? Known(RevisionSource source)
    {
        try
        {
            return Entries().FirstOrDefault(entry => entry.IsOf(source));
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupException(
                $"{path} cannot be read, and it says which commit was served last, before which nothing is served: {FaultText.Of(unusable)}; mend it, or remove it to start with the newest commit, whatever its history",
                ExitCode.CouldNotRun, unusable);
        }
    }

    /// <summary>
    /// The commit that <c>--accept</c> lets in; null where it lets in none. It counts at the first start with it, as if an operator had said so then: an option that stands in a file must not bring the same history
    /// back for ever.
    /// </summary>
    /// <exception cref="StartupException">The file cannot be read or understood.</exception>
    public string? TakeAccepted(RevisionSource source)
    {
        _accepted = source.FindAccepted();
        return _accepted is not null && Known(source)?.Accepted != _accepted ? _accepted : null;
    }

    /// <summary>Remembers what is served of a source, and what was accepted.</summary>
    /// <param name="source">The source.</param>
    /// <param name="commit">The commit; null where that of before stays.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    /// <exception cref="JsonException">What is there was damaged since the start.</exception>
    public void Remember(RevisionSource source, string? commit)
    {
        Entry[] known = Entries();
        Entry? before = known.FirstOrDefault(entry => entry.IsOf(source));
        if ((commit ?? before?.Commit) is not { } latest)
            return;
        var served = new Entry(source.Repository, source.Ref, source.Folder, latest, commit is null ? before!.WasSigned : source.RequiresSignatures, _accepted ?? before?.Accepted);
        if (known.FirstOrDefault() == served)
            return;
        IEnumerable<Entry> kept = known.Where(entry => !entry.IsOf(source)).Prepend(served).Take(MaximumSources);
        var list = new JsonArray([.. kept.Select(entry => entry.ToJson())]);
        PrivateFile.Replace(path, list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private Entry[] Entries()
    {
        if (OrdinaryFile.FindText(path, PrivateFile.Largest) is not { } text)
            return [];
        try
        {
            return [.. (JsonNode.Parse(text) as JsonArray ?? throw new JsonException("it is no list")).Select(Entry.Of)];
        }
        catch (Exception unusable) when (unusable is InvalidOperationException or FormatException)
        {
            throw new JsonException(unusable.Message, unusable);
        }
    }

    private sealed record Entry(string Repository, string Ref, string Folder, string Commit, bool WasSigned, string? Accepted)
    {
        public static Entry Of(JsonNode? node) => new(
            Text(node, "repository"), Text(node, "ref"), Text(node, "path"), Text(node, "commit"), node?["signed"]?.GetValue<bool>() ?? false, node?["accepted"]?.GetValue<string>());

        public JsonObject ToJson()
        {
            var json = new JsonObject { ["repository"] = Repository, ["ref"] = Ref, ["path"] = Folder, ["commit"] = Commit, ["signed"] = WasSigned };
            if (Accepted is not null)
                json["accepted"] = Accepted;
            return json;
        }

        public bool IsOf(RevisionSource source) => (Repository, Ref, Folder) == (source.Repository, source.Ref, source.Folder);

        private static string Text(JsonNode? node, string name) => node?[name]?.GetValue<string>() ?? throw new FormatException($"no `{name}`");
    }
}
