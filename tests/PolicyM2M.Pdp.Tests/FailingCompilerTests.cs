using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Compiler.SelfTests;
using PolicyM2M.Engine;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Revisions.Compiling;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A commit on which the compiler itself fails: it costs that commit, and nothing else.</summary>
internal sealed class FailingCompilerTests
{
    private readonly List<string> _compiled = [];
    private RunningPdp _pdp = null!;
    private string _good = "", _bad = "";

    [SetUp]
    public void Prepare()
    {
        _pdp = RunningPdp.Prepare();
        _good = _pdp.Git.Commit("Good", TestPolicies.Files());
        _bad = _pdp.Git.Commit("Bad", TestPolicies.Baseline("7d"));
        _compiled.Clear();
    }

    [TearDown]
    public async Task Remove() => await _pdp.DisposeAsync();

    [Test]
    public void A_start_serves_what_was_served_last()
    {
        RevisionStatus status = Source().LoadFirst(Now, new ServedCommit(_good, WasSigned: false), _good);
        Assert.That((status.Active.CommitId, status.Refused!.CommitId, status.Refused.Fault), Is.EqualTo((_good, _bad, $"the compiler failed on {_bad[..12]}: out of its depth")));
    }

    [Test]
    public void Without_anything_else_to_serve_a_start_says_so()
    {
        Assert.That(() => Source().LoadFirst(Now, null, null), Throws.TypeOf<StartupException>().With.Message.Contains($"the compiler failed on {_bad[..12]}: out of its depth; no earlier commit is known"));
        Assert.That(() => Source().LoadFirst(Now, new ServedCommit(_bad, WasSigned: false), null), Throws.TypeOf<StartupException>());
    }

    [Test]
    public void A_start_waits_no_longer_for_a_commit_than_a_server_does()
    {
        using var end = new ManualResetEventSlim();
        RevisionSource slow = RevisionSource.Open(_pdp.Options(), null, _pdp.Data, revision =>
        {
            if (revision.CommitId == _bad)
                end.Wait();
            return RevisionCompiler.Test(revision);
        }, TimeSpan.FromSeconds(3));
        try
        {
            RevisionStatus status = slow.LoadFirst(Now, new ServedCommit(_good, WasSigned: false), _good);
            Assert.That((status.Active.CommitId, status.Refused!.Fault), Is.EqualTo((_good, $"the compiler failed on {_bad[..12]}: the compiler took longer than 0.05 minutes")));
            Assert.That(() => slow.LoadFirst(Now, null, null), Throws.TypeOf<StartupException>().With.Message.Contains("took longer than 0.05 minutes; no earlier commit is known"));
            using var asked = new CancellationTokenSource();
            asked.Cancel();
            Assert.That(() => slow.LoadFirst(Now, null, null, cancellation: asked.Token), Throws.InstanceOf<OperationCanceledException>());
        }
        finally
        {
            end.Set();
        }
    }

    [Test]
    public void A_bundle_that_does_not_decide_as_its_policies_say_is_not_served()
    {
        RevisionStatus status = Source(Misjudged).LoadFirst(Now, new ServedCommit(_good, WasSigned: false), _good);
        Assert.That((status.Active.CommitId, status.Refused!.CommitId), Is.EqualTo((_good, _bad)));
        Assert.That(status.Refused.Diagnostics.Select(DiagnosticText.OfLine), Has.Exactly(1).StartsWith("baseline.m2m:4:1: error M2M515: the bundle does not decide as its policies say: auth is another"));
    }

    /// <summary>All that the compiler finds of a commit, and for the bad one what a self-test says that found it wrong: no policies are known of which it does.</summary>
    private PolicyTestRun Misjudged(PolicyRevision revision)
    {
        PolicyTestRun run = PolicyTester.Run(revision.Sources, revision.Sources, filter: null, progress: null);
        Assert.That(run.HasPassed);
        Assert.That(run.SelfTest.Witnesses, Is.GreaterThanOrEqualTo(3), "it was held against its policies in each kind");
        return revision.CommitId == _good ? run : run with { SelfTest = run.SelfTest with { Faults = [new SelfTestFault(new SourcePosition("baseline.m2m", 4, 1), "auth is another")] } };
    }

    [Test]
    public void What_a_roll_back_would_go_to_and_cannot_be_compiled_any_more_is_tried_once()
    {
        RevisionSource source = Source();
        ActiveRevision active = source.Reload(new ServedCommit(_good, WasSigned: false), Now).Revision!;
        var state = new RevisionState(new RevisionStatus(active, null, Now) { Past = [new PastRevision(_bad, "", "", null, Fate.Replaced, WasSigned: false)] });
        DataFolder data = _pdp.Data;
        var rollout = new Rollout(state, source, new LastServed(data.LastServed), new RolloutMemory(data.Rollout), new Activations(data.Activations), new NothingAsked(), _pdp.Options(),
            AuditTrail.Open(new AuditOptions { Durability = null }, data, "test", TimeProvider.System, NullLogger.Instance), TimeProvider.System, NullLogger<Rollout>.Instance);
        _compiled.Clear();
        for (int look = 0; look < 3; look++)
            rollout.Prepare();
        Assert.That(_compiled, Is.EqualTo(new[] { _bad }));
        Assert.That(rollout.RollBack(_good, "", new Pin("somebody", Now, "why")), Is.TypeOf<RolloutStep.Refused>().With.Property("Reason").Contains("out of its depth"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task What_fails_or_takes_too_long_while_the_server_runs_is_counted_and_recorded_once(bool isTooLong)
    {
        using var end = new ManualResetEventSlim();
        RevisionSource source = isTooLong ? RevisionSource.Open(_pdp.Options(), null, _pdp.Data, revision => { end.Wait(); return RevisionCompiler.Test(revision); }, TimeSpan.Zero) : Source();
        ActiveRevision active = Source().Reload(new ServedCommit(_good, WasSigned: false), Now).Revision!;
        DataFolder data = _pdp.Data;
        using var metrics = new PdpMetrics();
        RevisionStatus status;
        await using (var audit = AuditTrail.Open(AuditTests.Durable, data, "test", TimeProvider.System, NullLogger.Instance))
        {
            var rollout = new Rollout(new RevisionState(new RevisionStatus(active, null, Now)), source, new LastServed(data.LastServed), new RolloutMemory(data.Rollout), new Activations(data.Activations),
                new NothingAsked(), _pdp.Options(), audit, TimeProvider.System, NullLogger<Rollout>.Instance);
            using var follower = new RevisionFollower(source, rollout, new RevisionNews(), _pdp.Options(), audit, metrics, TimeProvider.System, NullLogger<RevisionFollower>.Instance);
            await follower.StartAsync(CancellationToken.None);
            DateTimeOffset seenAt = (await RunningPdp.Eventually(() => Task.FromResult(rollout.Current), current => current.Refused is not null)).Refused!.SeenAt;
            status = await RunningPdp.Eventually(() => Task.FromResult(rollout.Current), current => current.LastPolledAt > seenAt);
            await follower.StopAsync(CancellationToken.None);
            end.Set();
        }

        Assert.That((status.Active.CommitId, status.Refused!.CommitId, status.Refused.Fault), Is.EqualTo((_good, _bad, "the compiler failed; the log of the decision point says how")));
        Assert.That(Refusals(metrics), Is.EqualTo(1));
        var reader = new AuditLogReader(data.Audit);
        Wire.V1.AuditRevision record = reader.ReadEntries(0, reader.ReadCheckpoint().Size).Select(entry => Wire.V1.AuditRecord.Parser.ParseFrom(entry.Record.Span).Revision).OfType<Wire.V1.AuditRevision>().Single();
        Assert.That((record.Became, record.Revision.CommitId, record.Reason), Is.EqualTo(("refused", _bad, status.Refused.Fault)));
    }

    private static long Refusals(PdpMetrics metrics)
    {
        long count = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, metrics.Meter) && instrument.Name == "policym2m.pdp.revision.refusals")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, measured, _, _) => count += measured);
        listener.Start();
        listener.RecordObservableInstruments();
        return count;
    }

    private sealed class NothingAsked : IRehearsal
    {
        public TimeSpan Leisure => TimeSpan.Zero;

        public Action Rehearse(RevisionStatus next) => () => { };

        public Action RehearseAtLeisure(RevisionStatus next, TimeSpan time, CancellationToken cancellation) => () => { };
    }

    private static DateTimeOffset Now => new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private RevisionSource Source(Func<PolicyRevision, PolicyTestRun>? compile = null) => RevisionSource.Open(_pdp.Options(), null, _pdp.Data, compile ?? Compile);

    private PolicyTestRun Compile(PolicyRevision revision)
    {
        _compiled.Add(revision.CommitId);
        return revision.CommitId == _bad ? throw new InvalidOperationException("out of its depth") : PolicyTester.Run(revision.Sources, revision.Sources, filter: null, progress: null);
    }
}
