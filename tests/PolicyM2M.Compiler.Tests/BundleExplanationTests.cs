using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>A bundle alone explains what its sources explain, but for the policies rule by rule.</summary>
internal sealed class BundleExplanationTests
{
    [Test]
    public void A_bundle_explains_what_its_sources_do() => SeededProperty.Holds(60, random =>
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        IReadOnlyList<SourceFile> files = policies.Set();
        Explainer ofSources = Explainer.Of(files, out _)!;
        var ofBundle = Explainer.OfBundle(ofSources.Bundle);
        DeviceContext context = policies.Context(missing: random.Next(3));
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Explanation full = ofSources.Explain(kind, context, RandomPolicies.Now, counterfactual: true);
            Explanation bare = ofBundle.Explain(kind, context, RandomPolicies.Now, counterfactual: true);
            Assert.That(bare.Policies, Is.Empty);
            Assert.That(bare.Decision.Outcome, Is.EqualTo(full.Decision.Outcome));
            Assert.That(bare.Decision.Rules, Is.EqualTo(full.Decision.Rules));
            Assert.That(bare.Region.ToString(), Is.EqualTo(full.Region.ToString()));
            Assert.That(bare.HoldsUntil, Is.EqualTo(full.HoldsUntil));
            Assert.That(bare.Gaps.Missing, Is.EqualTo(full.Gaps.Missing));
            Assert.That(Changes(bare), Is.EqualTo(Changes(full)), () => $"{kind.Name()} for {string.Join(", ", context.Values)}\n{string.Join("\n", files.Select(file => file.Text))}");
            Assert.That((bare.Counterfactual!.IsWhole, bare.Counterfactual.Tried), Is.EqualTo((full.Counterfactual!.IsWhole, full.Counterfactual.Tried)));
        }
    });

    private static IEnumerable<string> Changes(Explanation explanation) =>
        explanation.Counterfactual!.Changes.Select(change => string.Join(", ", change.Values.Select(value => $"{value.Attribute.Name} {value.After}")));
}
