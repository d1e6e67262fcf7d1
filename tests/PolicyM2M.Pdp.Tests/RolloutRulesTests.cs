using System.Collections.Immutable;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The states of a roll-out and the steps between them, each written as a line.</summary>
[TestFixture]
public sealed class RolloutRulesTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<char, Bundle> Bundles = "abcd".ToDictionary(name => name, name => PolicyCompiler.Compile(
        [.. TestPolicies.Files($"{name - 'a' + 1}d").Select(file => new SourceFile(file.Path["policies/".Length..], file.Text))]).Bundle!);

    /// <summary>
    /// A step each: <c>offer b</c> comes from the repository. A commit is called by its policies, so that <c>a1</c> and <c>a2</c> leave them as they are.
    /// What it leads to: the active commit, a candidate behind <c>+</c> with its stage, what waits behind <c>w</c>, <c>pinned</c>, and in parentheses what was, the latest
    /// first: <c>!</c> is rolled back, <c>?</c> abandoned.
    /// </summary>
    [TestCase("direct", "offer b", "b (a)")]
    [TestCase("direct", "offer b, offer c", "c (b a)")]
    [TestCase("shadow", "offer b", "a +b:shadow ()")]
    [TestCase("canary:10", "offer b", "a +b:canary:10 ()")]
    [TestCase("shadow", "offer a2", "a2 (a)", Description = "what leaves the policies as they are has nothing to prove")]
    [TestCase("canary:10", "offer b, offer b2", "a +b2:canary:10 ()")]
    [TestCase("canary:10", "offer b, stage canary:50, offer b2", "a +b2:canary:50 ()", Description = "the same policies go on where they were")]
    [TestCase("canary:10", "offer b, stage canary:50, offer c", "a +c:canary:10 ()", Description = "others begin anew")]
    [TestCase("shadow", "offer b, offer a2", "a2 (a)", Description = "a revert of the candidate ends its trial")]
    [TestCase("shadow", "offer b, promote", "b (a)")]
    [TestCase("shadow", "offer b, promote b", "b (a)")]
    [TestCase("shadow", "offer b, promote c", "Crossed")]
    [TestCase("direct", "promote", "NotNow")]
    [TestCase("direct", "stage shadow", "NotNow")]
    [TestCase("shadow", "offer b, stage canary:5, stage canary:100", "a +b:canary:100 ()")]
    [TestCase("direct", "pin, offer b", "a wb pinned ()")]
    [TestCase("direct", "pin, offer b, offer c", "a wc pinned ()")]
    [TestCase("direct", "pin, offer b, unpin", "b (a)")]
    [TestCase("shadow", "pin, offer b, unpin", "a +b:shadow ()")]
    [TestCase("shadow", "offer b, pin, offer c", "a +b:shadow wc pinned ()")]
    [TestCase("shadow", "offer b, pin, promote", "NotNow")]
    [TestCase("shadow", "offer b, pin, stage canary:5", "NotNow")]
    [TestCase("direct", "unpin", "NotNow")]
    [TestCase("direct", "rollback", "NotNow")]
    [TestCase("direct", "offer a2, rollback", "NotNow", Description = "there is nothing else to go back to")]
    [TestCase("direct", "offer b, rollback", "a pinned (b!)")]
    [TestCase("direct", "offer b, rollback, offer b", "a wb pinned (b!)")]
    [TestCase("direct", "offer b, rollback, offer b, unpin", "a wb (b!)", Description = "what was rolled back does not come back by itself")]
    [TestCase("direct", "offer b, rollback, unpin, offer b", "a wb (b!)")]
    [TestCase("direct", "offer b, rollback, unpin, offer b2", "a wb2 (b!)", Description = "under no other commit either")]
    [TestCase("direct", "offer b, rollback, offer b2, unpin", "a wb2 (b!)")]
    [TestCase("direct", "offer b, rollback, unpin, offer b2, promote", "b2 (a)")]
    [TestCase("direct", "offer b, rollback, unpin, offer b2, stage shadow", "a +b2:shadow ()")]
    [TestCase("direct", "offer b, rollback, unpin, offer b2, promote, offer c, offer b3", "b3 (c b2 a)", Description = "to promote it undoes the judgement")]
    [TestCase("shadow", "offer b, rollback, unpin, offer b2", "a wb2 (b?)")]
    [TestCase("direct", "offer a2, offer b, rollback a, unpin, offer a3", "a3 (a2 b! a)", Description = "what answers may come again")]
    [TestCase("direct", "offer b, rollback, unpin, offer b, promote", "b (a)", Description = "but by somebody")]
    [TestCase("direct", "offer b, rollback, unpin, offer b, stage shadow", "a +b:shadow ()")]
    [TestCase("direct", "offer b, rollback, unpin, offer c", "c (a b!)")]
    [TestCase("direct", "offer b, rollback, unpin, offer c, rollback", "a pinned (c! b!)", Description = "and not to what was rolled back before")]
    [TestCase("direct", "offer b, offer c, rollback, rollback", "a pinned (b! c!)", Description = "twice goes back twice")]
    [TestCase("direct", "offer b, offer c, rollback a", "a pinned (c! b!)", Description = "whatever lies between is withdrawn too")]
    [TestCase("direct", "offer b, offer c, rollback a, rollback", "NotNow")]
    [TestCase("direct", "offer b, offer c, rollback a, rollback c", "c pinned (a b!)", Description = "to undo a roll-back withdraws nothing")]
    [TestCase("direct", "offer b, offer b2, rollback", "a pinned (b2! b!)", Description = "to other policies, or nothing would change")]
    [TestCase("direct", "offer b, rollback b", "NotNow")]
    [TestCase("direct", "offer b, rollback d", "NotFound")]
    [TestCase("shadow", "offer b, rollback", "a pinned (b?)", Description = "first the candidate goes")]
    [TestCase("shadow", "offer b, rollback, rollback b", "NotFound", Description = "what never was active is nothing to go back to")]
    [TestCase("canary:10", "offer b, promote, offer c, rollback a", "a pinned (b! c?)")]
    [TestCase("direct", "refuse b, accept b", "a ()")]
    [TestCase("direct", "refuse b, accept c", "NotFound")]
    [TestCase("direct", "accept b", "NotFound")]
    public void A_step_leads_to(string entry, string steps, string expected)
    {
        RevisionStatus status = new(Revision("a"), null, Now);
        RolloutStep step = new RolloutStep.To(status);
        foreach (string text in steps.Split(", "))
        {
            Assert.That(step, Is.TypeOf<RolloutStep.To>(), "only the last step may be refused");
            step = Take(((RolloutStep.To)step).Status, text.Split(' '), RolloutStage.Parse(entry));
        }

        Assert.That(step is RolloutStep.To { Status: var after } ? Text(after) : ((RolloutStep.Refused)step).Obstacle.ToString(), Is.EqualTo(expected));
    }

    [Test]
    public void A_roll_back_does_not_lower_what_later_commits_must_follow()
    {
        RevisionStatus status = After("offer b", "rollback");

        Assert.That((status.Active.CommitId, status.Floor), Is.EqualTo(("a", "b")));
    }

    [Test]
    public void What_is_let_in_raises_what_later_commits_must_follow_and_what_waits_does_not()
    {
        Assert.That(RolloutRules.Offer(new RevisionStatus(Revision("a"), null, Now), Revision("b"), new RolloutStage.Shadow(), Now).Floor, Is.EqualTo("b"));
        Assert.That(After("pin", "offer b").Floor, Is.EqualTo("a"));
    }

    [Test]
    public void An_accepted_history_is_forgotten_when_it_has_entered()
    {
        Assert.That(After("refuse b", "accept b").Accepted, Is.EqualTo("b"));
        Assert.That(After("refuse b", "accept b", "offer b").Accepted, Is.Null);
    }

    [Test]
    public void A_few_of_many_are_kept_in_memory_and_many_by_name()
    {
        RevisionStatus status = new(Revision("a"), null, Now);
        for (int i = 0; i < 60; i++)
            status = RolloutRules.Offer(status, Revision($"{"abcd"[i % 4]}{i}"), null, Now);

        Assert.That(status.Past, Has.Length.EqualTo(RolloutRules.MaximumPast));
        Assert.That(status.Past.Select(past => past.Loaded is not null), Is.EqualTo(Enumerable.Range(0, RolloutRules.MaximumPast).Select(place => place < RolloutRules.MaximumLoaded)));
    }

    [Test]
    public void What_is_loaded_again_takes_the_place_of_what_was_active_longest_ago_unless_it_decides_as_the_active_one()
    {
        RevisionStatus status = new(Revision("a"), null, Now);
        for (int i = 0; i < 20; i++)
            status = RolloutRules.Offer(status, Revision($"{"abcd"[i % 4]}{i}"), null, Now);
        ActiveRevision other = Revision("c2"), same = Revision("d3");

        status = RolloutRules.Load(RolloutRules.Load(status, other), same);

        Assert.That(status.Past.Where(past => past.Loaded is not null).Select(past => past.CommitId), Is.EqualTo(new[] { "c18", "b17", "a16", "d15", "c2" }));
        Assert.That(RolloutRules.Load(status, Revision("b77")), Is.SameAs(status));
    }

    [Test]
    public void A_share_of_the_devices_is_stable_and_grows_and_is_another_for_other_policies()
    {
        string[] fleet = [.. Enumerable.Range(0, 10_000).Select(i => $"plc-{i:0000}")];
        ImmutableHashSet<string> Of(string commit, int percent) =>
            [.. fleet.Where(new Candidate(Revision(commit), new RolloutStage.Canary(percent), Now, new Differences()).Answers)];

        // The hash is fixed, and with it these numbers for one bundle: a server of another version must not choose others.
        Assert.That((Of("b", 1).Count, Of("b", 10).Count, Of("b", 100).Count), Is.EqualTo((109, 1_006, 10_000)));
        Assert.That(Of("b", 10).IsSubsetOf(Of("b", 11)), Is.True);
        Assert.That(Of("b2", 10), Is.EquivalentTo(Of("b", 10)));
        Assert.That(Of("c", 10).Intersect(Of("b", 10)), Has.Count.LessThan(250), "a tenth of a tenth, more or less");
        Assert.That(fleet.Any(new Candidate(Revision("b"), new RolloutStage.Shadow(), Now, new Differences()).Answers), Is.False);
    }

    [TestCase("shadow", ExpectedResult = "shadow")]
    [TestCase("canary:1", ExpectedResult = "canary:1")]
    [TestCase("canary:100", ExpectedResult = "canary:100")]
    [TestCase("canary:0", ExpectedResult = null)]
    [TestCase("canary:101", ExpectedResult = null)]
    [TestCase("canary:-1", ExpectedResult = null)]
    [TestCase("canary: 5", ExpectedResult = null)]
    [TestCase("canary", ExpectedResult = null)]
    [TestCase("direct", ExpectedResult = null)]
    public string? A_stage_is_written(string text) => RolloutStage.Parse(text)?.ToString();

    private static RevisionStatus After(params string[] steps) => steps.Aggregate(
        new RevisionStatus(Revision("a"), null, Now), (status, step) => ((RolloutStep.To)Take(status, step.Split(' '), null)).Status);

    private static RolloutStep Take(RevisionStatus status, string[] step, RolloutStage? entry)
    {
        var pin = new Pin("spiffe://x/operator/o", Now, "because");
        string commit = step.Length > 1 ? step[1] : "";
        switch (step[0])
        {
            case "offer":
                return new RolloutStep.To(RolloutRules.Offer(status, Revision(commit), entry, Now));
            case "promote":
                return RolloutRules.Promote(status, commit, Now);
            case "stage":
                return RolloutRules.SetStage(status, "", RolloutStage.Parse(commit)!, Now);
            case "pin":
                return new RolloutStep.To(status with { Pin = pin });
            case "unpin":
                return RolloutRules.Unpin(status, entry, Now);
            case "refuse":
                return new RolloutStep.To(status with { Refused = new RefusedRevision(commit, Now, [], "another history", MayHeal: false) { IsOtherHistory = true } });
            case "accept":
                return RolloutRules.AcceptHistory(status, commit);
            default:
                if (commit.Length == 0 && status.Candidate is not null)
                    return new RolloutStep.To(RolloutRules.Abandon(status, pin));
                return RolloutRules.FindEarlier(status, commit, out RolloutStep.Refused? refused) is { } earlier
                    ? new RolloutStep.To(RolloutRules.RollBack(status, earlier.Loaded!, pin, Now))
                    : refused!;
        }
    }

    private static string Text(RevisionStatus status)
    {
        string past = string.Join(' ', status.Past.Select(p => p.CommitId + p.Fate switch { Fate.RolledBack => "!", Fate.Abandoned => "?", _ => "" }));
        string candidate = status.Candidate is { } tried ? $" +{tried.Revision.CommitId}:{tried.Stage}" : "";
        string waiting = status.Waiting is { } waits ? $" w{waits.CommitId}" : "";
        return $"{status.Active.CommitId}{candidate}{waiting}{(status.Pin is null ? "" : " pinned")} ({past})";
    }

    private static ActiveRevision Revision(string commit) => new(commit, "", Bundles[commit[0]], Now);
}
