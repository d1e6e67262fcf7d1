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
            Assert.That(counterfactual.Changes.Select(change => string.Join(", ", change.Values.Select(value => value.Attribute.Name))), Is.Unique);
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

    [TestCase("fw in [2.4.0, 2.5.0]", """{"fw": "2.4.0"}""", "fw")]
    [TestCase("has fw", "{}", "fw")]
    [TestCase("not has fw", "{}", "fw")]
    [TestCase("place within [10.0.0.0/8, ::/0]", """{"place": "10.0.0.1"}""", "place")]
    [TestCase("place == 10.0.0.1", """{"place": "10.0.0.1"}""", "place")]
    [TestCase("tags contains \"a\"", """{"tags": ["a"]}""", "tags")]
    [TestCase("left == right", """{"left": 3, "right": 3}""", "left")]
    [TestCase("left == right", "{}", "left, right")]
    [TestCase("left < -9223372036854775807", """{"left": -9223372036854775808}""", "left")]
    public void A_change_to_what_no_condition_names_is_a_change(string deniedWhen, string given, string changed)
    {
        SourceFile[] files =
        [
            new("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new("a.attributes.yaml", """
                attributes:
                  fw:    { type: version, provenance: claimed, description: x }
                  place: { type: address, provenance: claimed, description: x }
                  tags:  { type: set, provenance: claimed, description: x }
                  left:  { type: int, provenance: claimed, description: x }
                  right: { type: int, provenance: claimed, description: x }
                """),
            new("p.m2m", $"policy p\nauth {{\n  when {deniedWhen} deny \"no\"\n  otherwise use {{ methods x509 }}\n}}\n"),
        ];
        Assert.That(DeviceContext.TryParseJson(given, out DeviceContext? context, out _), Is.True);
        Explanation explanation = Explainer.Of(files, out _)!.Explain(DecisionKind.Auth, context!, RandomPolicies.Now, counterfactual: true);
        Assert.That(string.Join(", ", explanation.Counterfactual!.Changes[0].Values.Select(value => value.Attribute.Name)), Is.EqualTo(changed));
    }

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
