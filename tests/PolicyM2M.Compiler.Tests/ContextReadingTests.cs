using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>The reading that explains against the trees that decide: where everything is known they name the same rules.</summary>
internal sealed class ContextReadingTests
{
    [Test]
    public void The_reading_chooses_the_rules_that_the_trees_choose() => SeededProperty.Holds(200, random =>
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        IReadOnlyList<SourceFile> files = policies.Set();
        var faults = new Faults();
        (BoundPolicySet? set, byte[]? bytes) = PolicyCompiler.CompileBound(files, faults);
        var decider = new Decider(Bundle.Read(bytes!));
        for (int i = 0; i < 20; i++)
        {
            DeviceContext context = policies.Context(missing: 0);
            var reading = new ContextReading(context, RandomPolicies.Now, decider.Bundle.Attributes);
            foreach (DecisionKind kind in DecisionKinds.All)
            {
                Decision decision = decider.Decide(kind, decider.Prepare(context), RandomPolicies.Now);
                if (!decision.Outcome.IsDenied)
                    Assert.That(decision.Rules.Select(rule => rule.Source), Is.EqualTo(Applying(set!, kind, reading).Select(rule => rule.Source)), () => string.Join('\n', files.Select(file => file.Text)));
            }
        }
    });

    [Test]
    public void The_ends_of_the_calendar_are_read_at_every_offset([Values(-5 * 60, 0, 5 * 60 + 30)] int offset)
    {
        foreach (DateTimeOffset end in new[] { DateTimeOffset.MinValue, DateTimeOffset.MaxValue })
        {
            var reading = new ContextReading(DeviceContext.Empty, end, new Dictionary<string, AttributeDefinition>());
            Assert.That(reading.Shown(new BoundCondition.Clock(ClockReading.TimeOfDay, [], offset)), Is.InRange(0, 86_399));
            Assert.That(reading.Shown(new BoundCondition.Clock(ClockReading.Weekday, [], offset)), Is.InRange(0, 6));
        }
    }

    [Test]
    public void Where_an_attribute_is_missing_a_condition_is_open_only_if_it_makes_a_difference() => SeededProperty.Holds(200, random =>
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        BoundPolicySet set = PolicyCompiler.Bind(policies.Set(), new Faults())!;
        var attributes = set.Attributes.ToDictionary(attribute => attribute.Name, StringComparer.Ordinal);
        DeviceContext whole = policies.Context(missing: 0), partial = whole.Where(_ => random.Next(4) > 0);
        foreach (BoundCondition condition in set.Policies.SelectMany(policy => policy.Demands.Select(demand => demand.When)).Where(condition => !Asks(condition)))
        {
            if (new ContextReading(partial, RandomPolicies.Now, attributes).Holds(condition) is { } known)
                Assert.That(new ContextReading(whole, RandomPolicies.Now, attributes).Holds(condition), Is.EqualTo(known));
        }
    });

    private static IEnumerable<Rule> Applying(BoundPolicySet set, DecisionKind kind, ContextReading reading) => set.Policies.Where(policy => reading.Holds(policy.Target) == true).SelectMany(policy =>
        policy.Blocks.Where(block => block.Kind == kind).Select(block => block.Cases.First(c => reading.Holds(c.When) == true).Rule)
            .Concat(policy.Demands.Where(demand => demand.Rule.Kind == kind && reading.Holds(demand.When) == true && demand.Waivers.All(waiver => reading.Holds(waiver.Holds) == false)).Select(demand => demand.Rule)));

    /// <summary>Whether it asks what is known, or what has a default: such a test changes its answer when the attribute goes.</summary>
    private static bool Asks(BoundCondition condition) => condition switch
    {
        BoundCondition.Any any => any.Parts.Any(Asks),
        BoundCondition.All all => all.Parts.Any(Asks),
        BoundCondition.Not not => Asks(not.Part),
        BoundCondition.Has => true,
        _ => condition.Tested is { } tested && (tested.Default is not null || tested.AgeOf == "made"),
    };
}
