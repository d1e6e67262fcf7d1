using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Tests;

/// <summary>The sets at a size for every build; the command <c>check</c> of the benchmarks compares them at the size that is measured.</summary>
[TestFixture]
public sealed class GeneratedSetTests
{
    private static IEnumerable<TestCaseData> Sets =>
        AdversarialSets.All.Select(set => new TestCaseData(set.Of(200)).SetArgDisplayNames(set.Name))
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
