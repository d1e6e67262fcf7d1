using Microsoft.Extensions.Logging.Abstractions;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Revisions.Compiling;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A commit that comes by itself is made ready before it answers, for a moment that is set beforehand. Nobody who acts meanwhile waits for that, or is passed over.</summary>
internal sealed class RehearsedOfferTests
{
    private readonly Rehearsing _rehearsal = new();
    private RunningPdp _pdp = null!;
    private Rollout _rollout = null!;
    private ActiveRevision _next = null!;

    [SetUp]
    public void Prepare()
    {
        _pdp = RunningPdp.Prepare();
        string first = _pdp.Git.Commit("First", TestPolicies.Files()), next = _pdp.Git.Commit("Next", TestPolicies.Baseline("7d"));
        var source = RevisionSource.Open(_pdp.Options(), null, _pdp.Data, RevisionCompiler.Test);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        ActiveRevision active = source.Reload(new ServedCommit(first, WasSigned: false), now).Revision!;
        _next = source.Reload(new ServedCommit(next, WasSigned: false), now).Revision!;
        (_rehearsal.Meanwhile, _rehearsal.Waits) = (() => { }, true);
        _rehearsal.AtLeisure.Clear();
        _rehearsal.Hurried.Clear();
        _rehearsal.Done.Clear();
        _rollout = new Rollout(new RevisionState(new RevisionStatus(active, null, now)), source, new LastServed(_pdp.Data.LastServed), new RolloutMemory(_pdp.Data.Rollout),
            new Activations(_pdp.Data.Activations), _rehearsal, _pdp.Options(), AuditTrail.Open(new AuditOptions { Durability = null }, _pdp.Data, "test", TimeProvider.System, NullLogger.Instance),
            TimeProvider.System, NullLogger<Rollout>.Instance);
    }

    [TearDown]
    public async Task Remove() => await _pdp.DisposeAsync();

    [Test]
    public void It_answers_since_the_moment_for_which_it_was_made_ready()
    {
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        _rollout.Offer(_next, before);

        RevisionStatus ready = _rehearsal.AtLeisure.Single();
        Assert.That(_rollout.Current, Is.SameAs(ready));
        Assert.That((ready.Active.CommitId, ready.Active.ActivatedAt), Is.EqualTo((_next.CommitId, ready.AnswersSince)));
        Assert.That(ready.AnswersSince, Is.GreaterThan(before + Rehearsing.Time - TimeSpan.FromMilliseconds(1)));
        Assert.That(_rehearsal.Done, Is.EqualTo(new[] { ready }), "what was left to do was done once");
        Assert.That(_rehearsal.Hurried, Is.Empty);
    }

    [Test]
    public void An_operator_who_comes_meanwhile_does_not_wait_and_is_not_passed_over()
    {
        var pin = new Pin("somebody", TimeProvider.System.GetUtcNow(), "why");
        string active = _rollout.Current.Active.CommitId;
        _rehearsal.Meanwhile = () => _rollout.Change(status => new RolloutStep.To(status with { Pin = pin }));
        _rollout.Offer(_next, TimeProvider.System.GetUtcNow());

        Assert.That((_rollout.Current.Active.CommitId, _rollout.Current.Pin, _rollout.Current.Waiting?.CommitId), Is.EqualTo((active, pin, _next.CommitId)));
        Assert.That(_rehearsal.Done, Is.Empty, "what was made ready came to nothing");
    }

    [Test]
    public void Where_another_change_leaves_it_its_place_it_is_made_ready_for_the_state_that_there_is()
    {
        _rehearsal.Meanwhile = () => _rollout.Change(status => status with { LastPolledAt = status.LastPolledAt.AddSeconds(1) });
        _rollout.Offer(_next, TimeProvider.System.GetUtcNow());

        Assert.That(_rollout.Current.Active.CommitId, Is.EqualTo(_next.CommitId));
        Assert.That(_rehearsal.Done, Is.EqualTo(new[] { _rollout.Current }).And.EqualTo(_rehearsal.Hurried));
    }

    [Test]
    public void Where_the_clock_was_set_back_meanwhile_it_answers_since_now()
    {
        // As good as a clock that was set back: the moment is not there yet.
        _rehearsal.Waits = false;
        _rollout.Offer(_next, TimeProvider.System.GetUtcNow());

        Assert.That(_rollout.Current.AnswersSince, Is.LessThan(_rehearsal.AtLeisure.Single().AnswersSince).And.LessThanOrEqualTo(TimeProvider.System.GetUtcNow()));
        Assert.That(_rehearsal.Done, Is.EqualTo(new[] { _rollout.Current }).And.EqualTo(_rehearsal.Hurried));
    }

    [Test]
    public void A_server_that_ends_meanwhile_goes_on_with_what_it_served()
    {
        using var ending = new CancellationTokenSource();
        string active = _rollout.Current.Active.CommitId;
        _rehearsal.Meanwhile = ending.Cancel;
        Assert.That(() => _rollout.Offer(_next, TimeProvider.System.GetUtcNow(), ending.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_rollout.Current.Active.CommitId, Is.EqualTo(active));
    }

    private sealed class Rehearsing : IRehearsal
    {
        public static TimeSpan Time { get; } = TimeSpan.FromMilliseconds(200);

        public Action Meanwhile { get; set; } = () => { };

        public bool Waits { get; set; }

        public List<RevisionStatus> AtLeisure { get; } = [];

        public List<RevisionStatus> Hurried { get; } = [];

        public List<RevisionStatus> Done { get; } = [];

        public TimeSpan Leisure => Time;

        public Action Rehearse(RevisionStatus next)
        {
            Hurried.Add(next);
            return () => Done.Add(next);
        }

        public Action RehearseAtLeisure(RevisionStatus next, TimeSpan time, CancellationToken cancellation)
        {
            AtLeisure.Add(next);
            // On another thread, as an operator's call is: a lock that were held meanwhile would keep it waiting for ever.
            Assert.That(Task.Run(Meanwhile, CancellationToken.None).Wait(TimeSpan.FromSeconds(30), CancellationToken.None));
            cancellation.ThrowIfCancellationRequested();
            // A timer may end a little early.
            while (Waits && TimeProvider.System.GetUtcNow() < next.AnswersSince)
                cancellation.WaitHandle.WaitOne(1);
            return () => Done.Add(next);
        }
    }
}
