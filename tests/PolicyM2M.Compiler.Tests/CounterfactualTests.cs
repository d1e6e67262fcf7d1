using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>What a counterfactual promises, and that nothing smaller would do.</summary>
internal sealed class CounterfactualTests
{
    [Test]
    public void The_changed_context_is_decided_as_promised_and_no_context_with_fewer_changes_is() => SeededProperty.Holds(60, random =>
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        IReadOnlyList<SourceFile> files = policies.Set();
        var decider = new Decider(PolicyCompiler.Compile(files).Bundle!);
        Explainer explainer = Explainer.Of(files, out _)!;
        DeviceContext context = policies.Context(missing: random.Next(3));
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Explanation explanation = explainer.Explain(kind, context, RandomPolicies.Now, counterfactual: true);
            Counterfactual counterfactual = explanation.Counterfactual!;
            foreach (ContextChange change in counterfactual.Changes)
            {
                DeviceContext changed = change.Values.Aggregate(context, (all, value) => all.With(value.Attribute.Name, value.After));
                Decision other = decider.Decide(kind, decider.Prepare(changed), RandomPolicies.Now);
                Assert.That(other.Outcome, Is.EqualTo(change.Decision.Outcome));
                Assert.That(IsReached(explanation.Decision, other), Is.True);
            }
            if (counterfactual.IsWhole)
                TryFewer(random, policies, decider, context, explanation, fewer: counterfactual.Changes.IsEmpty ? 2 : counterfactual.Changes[0].Values.Length - 1);
        }
    });

    /// <summary>Other contexts that differ in at most so many attributes, with values that the policies' author made up.</summary>
    private static void TryFewer(Random random, RandomPolicies policies, Decider decider, DeviceContext context, Explanation explanation, int fewer)
    {
        for (int i = 0; i < 200 && fewer > 0; i++)
        {
            KeyValuePair<string, AttributeValue>[] others = [.. policies.Context(missing: 0).Values];
            random.Shuffle(others);
            DeviceContext changed = others.Take(fewer).Aggregate(context, (all, value) => all.With(value.Key, value.Value));
            Decision other = decider.Decide(explanation.Decision.Kind, decider.Prepare(changed), RandomPolicies.Now);
            Assert.That(IsReached(explanation.Decision, other), Is.False, () => string.Join(", ", changed.Values));
        }
    }

    private static bool IsReached(Decision before, Decision after) => before.Outcome.IsDenied ? !after.Outcome.IsDenied : !after.Outcome.Equals(before.Outcome);
}
