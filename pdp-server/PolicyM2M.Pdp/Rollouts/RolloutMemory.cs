using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>What a restart must know of a roll-out. Commits are named and not held: their policies are in Git.</summary>
/// <param name="Active">The active commit.</param>
/// <param name="Floor">The newest commit that was let in.</param>
/// <param name="Accepted">A commit that an operator lets in although it does not follow.</param>
/// <param name="Pin">The pin.</param>
/// <param name="Candidate">The candidate.</param>
/// <param name="Past">What was active before, the latest first.</param>
internal sealed record RememberedRollout(
    RememberedRevision Active, string Floor, string? Accepted, Pin? Pin, RememberedCandidate? Candidate, ImmutableArray<RememberedRevision> Past);

/// <summary>A candidate, as a restart must know it. What it decided otherwise is counted anew.</summary>
internal sealed record RememberedCandidate(ServedCommit Commit, string Stage, DateTimeOffset Since);

/// <summary>A revision that is or was active, as a restart must know it. Its fate counts where it is active no more.</summary>
internal sealed record RememberedRevision(string Commit, string Bundle, string Summary, DateTimeOffset? ActivatedAt, Fate Fate, bool WasSigned)
{
    public static RememberedRevision Of(PastRevision past) => new(past.CommitId, past.BundleHash, past.Summary, past.ActivatedAt, past.Fate, past.WasSigned);

    public PastRevision ToPast() => new(Commit, Bundle, Summary, ActivatedAt, Fate, WasSigned);

    public ServedCommit ToServed() => new(Commit, WasSigned);
}

/// <summary>
/// Remembers in one file what is pinned, on trial and withdrawn, for each source of policies. Nobody who pinned a revision wants another one served because a file was damaged:
/// one that cannot be understood keeps the server from starting. Written whole, under the lock of <see cref="Rollout"/>.
/// </summary>
internal sealed class RolloutMemory(string path)
{
    private const int Version = 1;

    /// <summary>Of sources beyond these the oldest are forgotten: a data folder serves one or a few.</summary>
    private const int MaximumSources = 32;

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    private readonly string _path = path;

    /// <summary>What is known of a source; null where it has no roll-out.</summary>
    /// <exception cref="StartupException">The file cannot be read or understood.</exception>
    public RememberedRollout? Find(RevisionSource source)
    {
        try
        {
            return Sources().FirstOrDefault(entry => entry.IsOf(source))?.Rollout;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupException(
                $"{_path} cannot be read, and it says which revision is pinned or on trial: {FaultText.Of(unusable)}; mend it, or remove it to start with the newest commit", ExitCode.CouldNotRun, unusable);
        }
    }

    /// <summary>Remembers the state of a source; a plain one, in which the newest commit is active and was always, needs no entry.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    /// <exception cref="JsonException">What is there was damaged since the start.</exception>
    public void Remember(RevisionSource source, RevisionStatus status)
    {
        Entry[] known = Sources();
        IEnumerable<Entry> kept = known.Where(entry => !entry.IsOf(source));
        if (!IsPlain(status))
            kept = kept.Prepend(new Entry(source.Repository, source.Ref, source.Folder, Of(status))).Take(MaximumSources);
        else if (known.All(entry => !entry.IsOf(source)))
            return;
        PrivateFile.Replace(_path, JsonSerializer.Serialize(new Content(Version, [.. kept]), Format) + "\n");
    }

    private Entry[] Sources()
    {
        if (OrdinaryFile.FindText(_path, PrivateFile.Largest) is not { } text)
            return [];
        Content content = JsonSerializer.Deserialize<Content>(text, Format) ?? throw new JsonException("it is empty");
        if (content.Version != Version)
            throw new JsonException($"it has version {content.Version}, and this server knows {Version}");
        return content.Sources.Any(entry => entry.Rollout.Past.IsDefault || entry.Rollout.Candidate is { } candidate && RolloutStage.Parse(candidate.Stage) is null)
            ? throw new JsonException("a stage or a list is missing or malformed")
            : content.Sources;
    }

    private static bool IsPlain(RevisionStatus status) =>
        status is { Pin: null, Candidate: null, Accepted: null, Past.IsEmpty: true } && status.Floor == status.Active.CommitId;

    private static RememberedRollout Of(RevisionStatus status) => new(
        RememberedRevision.Of(PastRevision.Of(status.Active, Fate.Replaced)), status.Floor, status.Accepted, status.Pin,
        status.Candidate is { } candidate ? new RememberedCandidate(new ServedCommit(candidate.Revision.CommitId, candidate.Revision.WasSigned), candidate.Stage.ToString()!, candidate.Since) : null,
        [.. status.Past.Select(RememberedRevision.Of)]);

    private sealed record Content([property: JsonRequired] int Version, [property: JsonRequired] Entry[] Sources);

    private sealed record Entry([property: JsonRequired] string Repository, [property: JsonRequired] string Ref, [property: JsonRequired] string Path, [property: JsonRequired] RememberedRollout Rollout)
    {
        public bool IsOf(RevisionSource source) => (Repository, Ref, Path) == (source.Repository, source.Ref, source.Folder);
    }
}
