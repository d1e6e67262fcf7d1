using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Benchmarks.Tests;

/// <summary>The sets at a size for every build; the command <c>check</c> of the benchmarks compares them at the size that is measured.</summary>
[TestFixture]
public sealed class GeneratedSetTests
{
    private static IEnumerable<TestCaseData> Sets =>
        AdversarialSets.All.Select(set => new TestCaseData(set.Of(200)).SetArgDisplayNames(set.Name))
            // Too many for a tree that splits all: long leaves of cases, and of masks.
            .Append(new TestCaseData(AdversarialSets.NoSharedAttributes(600)).SetArgDisplayNames("no-shared-attributes, a long leaf"))
            .Append(new TestCaseData(AdversarialSets.PairsOfAttributes(1000)).SetArgDisplayNames("pairs-of-40-attributes, a leaf of masks"))
            .Append(new TestCaseData(ManyPolicies.ForSites(30)).SetArgDisplayNames("policies-for-sites"))
            .Append(new TestCaseData(ManyPolicies.ForAll(30)).SetArgDisplayNames("policies-for-all"));

    [TestCaseSource(nameof(Sets))]
    public void The_engine_answers_as_a_naive_evaluator(object set)
    {
        var generated = (GeneratedSet)set;
        Assert.That(Subject.Of(generated).FirstWrong(generated), Is.Null);
    }

    [TestCaseSource(nameof(Sets))]
    public void The_contexts_meet_many_different_answers(object set)
    {
        var generated = (GeneratedSet)set;
        Assert.That(generated.Contexts.Select(values => generated.Expected(values)).Distinct().Count(), Is.GreaterThan(GeneratedSet.Outcomes / 2), "or comparing them says little");
    }

    [TestCaseSource(nameof(Sets))]
    public void What_is_missing_or_cannot_be_used_is_answered_alike_whether_or_not_the_way_is_noted(object set)
    {
        // A walk that notes its way reads every case; one that does not passes over what surely fails.
        var generated = (GeneratedSet)set;
        var decider = new Decider(Subject.Of(generated).Bundle);
        int[] places = [.. generated.Attributes.Select(attribute => decider.Bundle.PlaceOf(attribute.Name))];
        AttributeValue[] odd = [default, AttributeValue.Of(long.MaxValue), AttributeValue.Of(long.MinValue), AttributeValue.Of(-1), AttributeValue.Of("?"), AttributeValue.Of(true)];
        var random = new Random(5);
        var path = new DecisionPath();
        for (int i = 0; i < 200; i++)
        {
            var values = new AttributeValue[places.Length];
            AttributeValue[] given = generated.Contexts[i];
            for (int place = 0; place < places.Length; place++)
                values[places[place]] = given[place];
            for (int change = random.Next(3); change >= 0; change--)
                values[random.Next(values.Length)] = odd[random.Next(odd.Length)];
            Decision noted = decider.Decide(DecisionKind.CipherSuites, values, DateTimeOffset.UnixEpoch, path);
            Assert.That(decider.Decide(DecisionKind.CipherSuites, values, DateTimeOffset.UnixEpoch).Rules, Is.EqualTo(noted.Rules), $"context {i}");
        }
    }

    [Test]
    public void A_wrong_answer_is_found()
    {
        GeneratedSet set = ManyPolicies.ForSites(3);
        GeneratedPolicy first = set.Policies[0];
        GeneratedSet other = set with { Policies = set.Policies.SetItem(0, first with { Otherwise = (first.Otherwise + 1) % GeneratedSet.Outcomes }) };
        Assert.That(Subject.Of(set).FirstWrong(other), Does.Contain("policies-for-sites, context"));
    }

    [Test]
    public void A_set_that_does_not_compile_says_why()
    {
        GeneratedSet set = ManyPolicies.ForSites(1);
        set = set with { Attributes = set.Attributes.SetItem(0, set.Attributes[0] with { Type = "nothing" }) };
        Assert.That(() => Subject.Of(set), Throws.TypeOf<SetDoesNotCompileException>().With.Message.Contains("policies-for-sites does not compile: M2M4"));
    }

    [TestCase("10.1.2.3", true)]
    [TestCase("10.2.0.0", false)]
    [TestCase("2001:db8::1", true)]
    [TestCase("no address", false)]
    public void The_naive_evaluator_knows_address_blocks_without_the_engine(string address, bool isWithin) =>
        Assert.That(new RuleTest.Within(0, [new(System.Net.IPAddress.Parse("10.1.0.0"), 16), new(System.Net.IPAddress.Parse("2001:db8::"), 32)]).Holds(AttributeValue.Of(address)), Is.EqualTo(isWithin));
}
