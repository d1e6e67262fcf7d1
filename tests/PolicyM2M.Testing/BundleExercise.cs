using NUnit.Framework;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Testing;

/// <summary>Everything that is done with a bundle once it was read: whoever forges one must not bring any of it down.</summary>
public static class BundleExercise
{
    /// <summary>Reads a bundle and uses it; false where it is refused.</summary>
    /// <param name="bytes">The bundle.</param>
    /// <param name="contexts">What is decided.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isThorough">Whether it is drawn and explained too, and regions are put together again and held against it, which takes longer.</param>
    public static bool IsUsed(ReadOnlyMemory<byte> bytes, IEnumerable<DeviceContext> contexts, DateTimeOffset now, bool isThorough)
    {
        Bundle bundle;
        try
        {
            bundle = Bundle.Read(bytes);
        }
        catch (InvalidDataException)
        {
            return false;
        }
        var decider = new Decider(bundle);
        foreach (DeviceContext context in contexts)
        {
            foreach (DecisionKind kind in DecisionKinds.All)
                Decide(decider, kind, context, now, isThorough);
        }
        foreach (DecisionKind kind in isThorough ? DecisionKinds.All : [])
            Assert.That(TreePicture.Of(bundle, kind).Nodes, Is.Not.Empty);
        Assert.That(bundle.Registry.ToString(), Is.Not.Empty);
        if (isThorough)
            Assert.That(() => Bundle.Read(bundle.ToBytes()), Throws.Nothing);
        return true;
    }

    private static void Decide(Decider decider, DecisionKind kind, DeviceContext context, DateTimeOffset now, bool isThorough)
    {
        Bundle bundle = decider.Bundle;
        PreparedContext prepared = decider.Prepare(context);
        var path = new DecisionPath();
        Decision decision = decider.Decide(kind, prepared, now, path);
        Assert.That(decider.Decide(kind, prepared, now).Outcome, Is.EqualTo(decision.Outcome));
        foreach (Rule rule in decision.Rules)
            Assert.That(rule.ToString(), Is.Not.Empty);

        var values = new AttributeValue[bundle.Attributes.Count];
        foreach ((string name, AttributeValue value) in context.Values)
        {
            // An age is told by its instant, and is none of the values.
            if (bundle.PlaceOf(name) is >= 0 and int place && bundle.Attributes[name].AgeOf is null)
                values[place] = value;
        }
        Assert.That(decider.Decide(kind, values, now).Outcome, Is.EqualTo(decision.Outcome));

        Region region = path.Region();
        Assert.That(region.ToString(), Is.Not.Empty);
        Assert.That(region.Contains(prepared, now) && region.Contains(values, now), Is.True, () => $"{region}");
        region.HoldsUntil(prepared, now);
        region.ClosesAt(now);
        if (!isThorough)
            return;
        var again = Region.Of(region.Parts);
        Assert.That(again.Contains(again.Prepare(context), now), Is.True, () => $"{region} put together again is {again}");
        Continuity.Holds(decision.Outcome, region.Parts, bundle, now, now.AddDays(1));
        Assert.That(Explainer.OfBundle(bundle).Explain(kind, context, now, counterfactual: true).Decision.Outcome, Is.EqualTo(decision.Outcome));
    }
}
