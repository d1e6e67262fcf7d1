using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>What is known once the answers to a question are kept instead of all that was kept for it. Immutable: the memory makes it, and takes it whole.</summary>
/// <param name="Facts">What is known of the device.</param>
/// <param name="Index">The decisions.</param>
/// <param name="IsServed">Whether the answers tell what is served to the device: not where the watch has told of others while they were on their way, or a refusal was asked for later.</param>
/// <param name="Change">What it means for who goes by what was known.</param>
/// <param name="IsWhole">Whether all answers are for the device as it is known now.</param>
internal sealed record Keeping(DeviceFacts Facts, DecisionIndex Index, bool IsServed, MemoryChange Change, bool IsWhole)
{
    /// <param name="claims">The question.</param>
    /// <param name="index">The decisions of before.</param>
    /// <param name="answer">The answers.</param>
    /// <param name="order">When they were asked for, among all calls of this client.</param>
    /// <param name="servedWhenAsked">What was served then.</param>
    /// <param name="now">The time.</param>
    public static Keeping Of(ClaimSet claims, DecisionIndex index, Answer answer, long order, RevisionStamp? servedWhenAsked, DateTimeOffset now)
    {
        DeviceFacts before = claims.Slot.Facts, facts = before.Stated(answer.Statement, order, now) with
        {
            RefusedAt = answer.Decisions.Any(kept => kept.Decision.Outcome.IsDenied) ? Math.Max(before.RefusedAt, order) : before.RefusedAt,
        };
        bool isServed = before.Served?.Id == servedWhenAsked?.Id && answer.Decisions.Length > 0 && order > before.RefusedAt;
        if (isServed)
            facts = facts.ServedBy(RevisionStamp.Of(answer.Decisions[0].Decision), []);

        DeviceFacts? answered = before.AnsweredUnder is { } under ? before with { Statement = under } : null;
        bool isTighter = false, isWhole = true, isFirst = facts.Statement is not null && !(now < before.Statement?.ValidUntil);
        DecisionIndex after = index;
        foreach (KeptDecision kept in answer.Decisions)
        {
            if (!kept.HoldsAsIssued(claims, facts, now))
            {
                isWhole = false;
                continue;
            }
            KeptDecision[] replaced = [.. after.Of(kept.Kind).Where(old => old.Holds(claims, before, now) || old.Holds(claims, facts, now))];
            // What a statement that was told has already taken from it, a power cut would bring back all the same.
            isTighter |= kept.Decision.Outcome.IsDenied && (replaced.Any(IsPermission) || (answered is not null && after.Of(kept.Kind).Any(old => IsPermission(old) && old.Holds(claims, answered, now))));
            after = after.Without(kept.Kind, replaced.Contains);
            // A permission that was asked for before a no, and came after it, must not outlive it.
            if (kept.UsableUntil <= now || order <= before.RefusedAt)
                continue;
            after = after.With(kept);
            // A device whose context goes from region to region has had something: that may wait.
            isFirst |= facts.KeptUntil[(int)kept.Kind] <= now && (before.Served is null || !replaced.Any(old => old.UsableUntil > now));
            facts = facts.Keeps(kept);
        }
        // Until each kind was asked for under it, a denial of another may take back more.
        if (isTighter || answer.Decisions.Length == DecisionKinds.All.Count)
            facts = facts with { AnsweredUnder = null };
        return new Keeping(facts, after, isServed, isTighter ? MemoryChange.TakenBack : isFirst ? MemoryChange.First : MemoryChange.Ordinary, isWhole);
    }

    private static bool IsPermission(KeptDecision kept) => !kept.Decision.Outcome.IsDenied;
}
