using PolicyM2M.Engine.Contexts;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Registry;
using PolicyM2M.Wire.V1;
using Device = PolicyM2M.Registry.Device;

namespace PolicyM2M.Pdp.Services;

/// <summary>What there is to tell who watches a device: what is served to it, which of its decisions hold on, what the registry came to say of it, and its statement.</summary>
internal sealed class WatchNews(RevisionState revisions, GivenDecisions given, SignedStatements statements, TimeProvider clock)
{
    /// <summary>What is to be told of a device now, which then counts as told; null where that is nothing.</summary>
    /// <param name="watched">The device, and what was told of it.</param>
    /// <param name="devices">The registry.</param>
    /// <param name="isAway">Whether the registry cannot be reached: nothing is stated then.</param>
    /// <param name="caller">Who is told.</param>
    public WatchResponse? Of(WatchedDevice watched, DeviceRegistry devices, bool isAway, CallerLoad caller)
    {
        (RevisionStatus? told, RevisionStatus status) = (watched.Status, revisions.Current);
        Device? known = devices.Find(watched.Id);
        (long version, DateTimeOffset now) = (known?.Version ?? 0, clock.GetUtcNow());
        bool isOther = told is null || version != watched.Version || status.TellsOtherThan(told, watched.Id), isDue = now >= watched.StatementDue;
        if (!isOther && !isDue)
            return null;
        ActiveRevision revision = status.For(watched.Id);
        SignedStatements.Entry? statement = null;
        if (watched.TakesStatements)
        {
            bool isChange = told is not null && (version != watched.Version || IsNeeded(told.For(watched.Id), revision));
            if (!isAway && (isDue || told is null || isChange))
                statement = Statement(watched.Id, known, revision, caller, now, isChange);
            if (statement is not null || watched.StatementDue is null || isDue)
                watched.StatementDue = SigningTimes.NextTold(statement?.IssuedAt ?? now);
        }
        if (!isOther && statement is null)
            return null;
        (watched.Status, watched.Version) = (status, version);
        AnsweringRevision answering = status.Answering(revision);
        var news = new WatchResponse { Revision = answering.ToWire(), NeededAttributes = { status.NeededClaims }, DeviceVersion = (ulong)version, Statement = statement?.Signed };
        if (told is not null && told.Answering(told.For(watched.Id)) != answering)
            news.UnchangedDecisions.AddRange(given.Unchanged(caller, watched.Id, revision.Bundle, now).Select(signed => signed.Digest));
        return news;
    }

    /// <summary>Whether more or less is stated of a device under a revision than under the one before.</summary>
    private static bool IsNeeded(ActiveRevision before, ActiveRevision revision) =>
        before.Id != revision.Id && !before.Bundle.NeededAttributes.SequenceEqual(revision.Bundle.NeededAttributes);

    /// <summary>
    /// The statement, for who has decisions that it counts for. It holds for as long as these: nobody says here what the device would be given. Of a change it is told also who may have decisions that nobody knows of
    /// any more, or each device would have to ask after a restart; it then holds for as long as one may.
    /// </summary>
    private SignedStatements.Entry? Statement(string device, Device? known, ActiveRevision revision, CallerLoad caller, DateTimeOffset now, bool isChange)
    {
        TimeSpan? unknown = isChange && given.KnowsNothingOf(caller) ? TimeSpan.MaxValue : null;
        if ((given.LongestUse(caller, device, now) ?? unknown) is not { } longestUse)
            return null;
        DeviceContext stated = SignedStatements.Stated(known?.ToContext() ?? DeviceContext.Empty, device, revision.Bundle);
        SignedStatements.Entry statement = statements.Find(device, stated, now) ?? statements.Sign(device, stated, longestUse, now, isOfClaims: false);
        statements.HandOut(isFromMemory: false);
        return statement;
    }
}
