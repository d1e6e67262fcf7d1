using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>
/// Says since when answers are made as they are. A later change always has a later moment, also where the clock was set back, and after a restart: a device refuses a revision that began
/// before one that it has seen, and a lower moment would make it refuse the right one. One file holds the last moment that was given out and what it was given for; one that cannot be understood keeps the
/// server from starting. Used under the lock of <see cref="Rollout"/>, and by the start before that.
/// </summary>
internal sealed class Activations(string path)
{
    /// <summary>What the server starts with, since when it answers so. What was not active before is active from the moment on from which it answers.</summary>
    /// <exception cref="StartupException">The file cannot be read or understood.</exception>
    public RevisionStatus Begin(RevisionStatus first, DateTimeOffset now)
    {
        DateTimeOffset since = AtStart(first, now);
        return first with { AnswersSince = since, Active = first.Active.ActivatedAt == now ? first.Active.Since(since) : first.Active };
    }

    /// <summary>The moment for what the server starts with: the one it had before, where nothing changed meanwhile.</summary>
    /// <exception cref="StartupException">The file cannot be read or understood.</exception>
    public DateTimeOffset AtStart(RevisionStatus first, DateTimeOffset now)
    {
        try
        {
            return Read() is not { } last ? Whole(now) : last.Of == Describe(first) ? last.Since : After(last.Since, now);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupException(
                $"{path} cannot be read, and it says since when answers are made as they are, by which devices know the later of two revisions: {FaultText.Of(unusable)}; mend it, or remove it where the clock is right",
                ExitCode.CouldNotRun, unusable);
        }
    }

    /// <summary>A moment for a change that comes after another: now, and in any case later.</summary>
    public static DateTimeOffset After(DateTimeOffset last, DateTimeOffset now) => now >= last + Least ? Whole(now) : last + Least;

    /// <summary>Writes the moment of a status down.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    /// <exception cref="JsonException">What is there was damaged since the start.</exception>
    public void Remember(RevisionStatus status)
    {
        (DateTimeOffset Since, string Of) given = (status.AnswersSince, Describe(status));
        if (Read() == given)
            return;
        var root = new JsonObject { ["since"] = given.Since.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), ["of"] = given.Of };
        PrivateFile.Replace(path, root.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private static TimeSpan Least { get; } = TimeSpan.FromMilliseconds(1);

    private static DateTimeOffset Whole(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeMilliseconds(moment.ToUnixTimeMilliseconds());

    private static string Describe(RevisionStatus status) => status.Candidate is { Stage: RolloutStage.Canary } candidate
        ? $"{status.Active.CommitId} {status.Active.Bundle.Hash}, {candidate.Stage} {candidate.Revision.CommitId} {candidate.Revision.Bundle.Hash}"
        : $"{status.Active.CommitId} {status.Active.Bundle.Hash}";

    private (DateTimeOffset Since, string Of)? Read()
    {
        if (OrdinaryFile.FindText(path, PrivateFile.Largest) is not { } text)
            return null;
        try
        {
            return JsonNode.Parse(text) is JsonObject root && (string?)root["since"] is { } since && (string?)root["of"] is { } of
                ? (DateTimeOffset.ParseExact(since, "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), of)
                : throw new JsonException("it has no `since`, or no `of`");
        }
        catch (Exception unusable) when (unusable is InvalidOperationException or FormatException)
        {
            throw new JsonException(unusable.Message, unusable);
        }
    }
}
