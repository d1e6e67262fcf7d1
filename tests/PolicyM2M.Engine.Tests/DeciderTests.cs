using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Tests.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Tests;

internal sealed class DeciderTests
{
    private static readonly Decider Decider = new(Sample.Bundle);
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void Everything_applies_and_the_answer_names_the_rules()
    {
        Decision decision = Decide(DecisionKind.CipherSuites, Sample.Plc);
        Assert.That(decision.Outcome[Field.Suites]!.ToString(), Is.EqualTo("TLS_AES_256_GCM_SHA384"));
        Assert.That(decision.Rules.Select(rule => rule.ToString()), Is.EqualTo(["p cipher-suites case 1 (p.m2m:3)", "q require strict (q.m2m:2)"]));
        Assert.That(decision.Determining(Field.Versions).Select(rule => rule.Label), Is.EqualTo(["cipher-suites case 1"]));
        Assert.That((decision.FreshFor, decision.UsableFor), Is.EqualTo((TimeSpan.FromHours(1), TimeSpan.FromHours(2))));
    }

    [Test]
    public void A_malformed_value_counts_as_missing_and_is_reported()
    {
        PreparedContext context = Decider.Prepare(Sample.Plc.With("risk", AttributeValue.Of(101)).With("shoe", AttributeValue.Of("9")));
        Assert.That(context.Unusable.Select(u => (u.Name, u.IsUnknown)), Is.EqualTo([("risk", false), ("shoe", true)]));
        Assert.That(context.Missing, Is.EqualTo(["risk"]));
    }

    [Test]
    public void What_only_a_missing_attribute_could_deny_is_denied() =>
        Assert.That(Decide(DecisionKind.CipherSuites, Sample.Plc.With("version", AttributeValue.Of("3.0")).Where(name => name != "name")).Outcome.Denial, Is.EqualTo("too risky"));

    [Test]
    public void Fields_that_nobody_states_are_at_their_strictest()
    {
        Decision decision = Decide(DecisionKind.Auth, Sample.Plc);
        Assert.That(decision.UsableFor, Is.EqualTo(TimeSpan.Zero));
        Assert.That(decision.Rules.Select(rule => rule.Policy), Is.EqualTo(["p"]), "rules by omission determine, but are not listed");
        Assert.That(Decide(DecisionKind.CipherSuites, Sample.Plc).Outcome[Field.EarlyData]!.ToString(), Is.EqualTo("forbidden"));
    }

    [Test]
    public void A_context_prepared_by_another_bundle_is_refused()
    {
        PreparedContext foreign = new Decider(Engine.Bundles.Bundle.Read(Sample.Bundle.ToBytes())).Prepare(Sample.Plc);
        Assert.That(() => Decider.Decide(DecisionKind.Auth, foreign, Now), Throws.ArgumentException);
    }

    [Test]
    public void A_decision_made_before_allocates_nothing()
    {
        PreparedContext known = Decider.Prepare(Sample.Plc), partly = Decider.Prepare(Sample.Plc.Where(name => name is not ("risk" or "name")));
        DecisionKind[] kinds = [.. DecisionKinds.All];
        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                foreach (DecisionKind kind in kinds)
                {
                    Decider.Decide(kind, known, Now);
                    Decider.Decide(kind, partly, Now);
                }
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Allocated();
        Assert.That(Allocated(), Is.Zero);
    }

    [Test]
    public void Many_threads_get_the_same_decisions()
    {
        var decider = new Decider(Sample.Bundle);
        Decision[] decisions = new Decision[64];
        Parallel.For(0, decisions.Length, i => decisions[i] = decider.Decide(DecisionKind.CipherSuites, decider.Prepare(Sample.Plc), Now));
        Assert.That(decisions.Select(d => d.Outcome).Distinct().Count(), Is.EqualTo(1));
    }

    private static Decision Decide(DecisionKind kind, DeviceContext context) => Decider.Decide(kind, Decider.Prepare(context), Now);
}
