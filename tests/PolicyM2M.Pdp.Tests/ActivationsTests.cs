using PolicyM2M.Engine.Bundles;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The moments by which devices tell which of two revisions is the later one.</summary>
internal sealed class ActivationsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private static readonly Bundle Policies = TestPolicies.Bundle;

    [Test]
    public void What_answered_before_a_restart_has_the_moment_that_it_had()
    {
        using var folder = new TemporaryFolder();
        RevisionStatus status = Remembered(folder, Status("a", Now));
        Assert.That(Opened(folder).AtStart(Status("a", Now.AddHours(1)), Now.AddHours(1)), Is.EqualTo(status.AnswersSince));
    }

    [Test]
    public void Another_revision_has_a_later_one_also_where_the_clock_was_set_back()
    {
        using var folder = new TemporaryFolder();
        Remembered(folder, Status("a", Now));
        Assert.That(Opened(folder).AtStart(Status("b", Now), Now.AddHours(1)), Is.EqualTo(Now.AddHours(1)));
        Assert.That(Opened(folder).AtStart(Status("b", Now), Now.AddYears(-1)), Is.GreaterThan(Now).And.LessThan(Now.AddSeconds(1)));
        Assert.That(Activations.After(Now, Now.AddYears(-1)), Is.GreaterThan(Now));
        Assert.That(Activations.After(Now, Now), Is.GreaterThan(Now));
    }

    [Test]
    public void The_share_of_a_canary_is_part_of_what_answers_and_a_shadow_is_not()
    {
        RevisionStatus alone = Status("a", Now), shadow = With(alone, new RolloutStage.Shadow()), ten = With(alone, new RolloutStage.Canary(10)), eleven = With(alone, new RolloutStage.Canary(11));
        Assert.That((alone.AnswersAs(shadow), alone.AnswersAs(ten), ten.AnswersAs(eleven), ten.AnswersAs(With(alone, new RolloutStage.Canary(10)))), Is.EqualTo((true, false, false, true)));

        using var folder = new TemporaryFolder();
        Remembered(folder, ten);
        Assert.That(Opened(folder).AtStart(ten, Now.AddHours(1)), Is.EqualTo(Now));
        Assert.That(Opened(folder).AtStart(eleven, Now.AddHours(1)), Is.EqualTo(Now.AddHours(1)));
        Assert.That(Opened(folder).AtStart(shadow, Now.AddHours(1)), Is.EqualTo(Now.AddHours(1)));
    }

    [TestCase("")]
    [TestCase("{")]
    [TestCase("[]")]
    [TestCase("{ \"since\": 7, \"of\": \"a\" }")]
    [TestCase("{ \"since\": \"yesterday\", \"of\": \"a\" }")]
    public void A_file_that_cannot_be_understood_keeps_the_server_from_starting(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["activations.json"], text);
        Assert.That(() => Opened(folder).AtStart(Status("a", Now), Now), Throws.TypeOf<StartupException>().With.Message.Contains("activations.json cannot be read").And.Message.Contains("mend it, or remove it"));
        Assert.That(() => Opened(folder).Remember(Status("a", Now)), Throws.InstanceOf<System.Text.Json.JsonException>());
    }

    private static Activations Opened(TemporaryFolder folder) => new(folder["activations.json"]);

    private static RevisionStatus Remembered(TemporaryFolder folder, RevisionStatus status)
    {
        Opened(folder).Remember(status);
        return status;
    }

    private static RevisionStatus Status(string commit, DateTimeOffset since) => new(new ActiveRevision(commit, "Test", Policies, since), null, since);

    private static RevisionStatus With(RevisionStatus status, RolloutStage stage) =>
        status with { Candidate = new Candidate(new ActiveRevision("c", "Candidate", Policies, Now), stage, Now, new Differences()) };
}
