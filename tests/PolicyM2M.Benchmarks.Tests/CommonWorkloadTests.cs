using PolicyM2M.Benchmarks.Lines;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks.Tests;

[TestFixture]
public sealed class CommonWorkloadTests
{
    /// <summary>
    /// The hashes are those of what the JavaScript generator of the peers' measurements drew (mulberry32, seed 20240607 + N), one rule, request or
    /// answer a line: computed from its files, and for 40,000 from the same generator run for that size.
    /// </summary>
    [TestCase(10, "5159938dffc88eee3c134944a717e0d34c7cae4a41e18844602a8c2bb1605a37")]
    [TestCase(100, "926888d4768a064509a2fe6a328860436d10e49afe29c7276593a43ca3b15bab")]
    [TestCase(1000, "945e1a3974d541d351bddc440f49efc98b26cc7405898e7f223c0a38a96d4b9c")]
    [TestCase(10_000, "68769e6c9e3e906c42e99f9ffdf196fd801eaef8168657d0e0ebd03a9fff1cfa")]
    [TestCase(40_000, "534537433a1dbfefdbcc94eec565cfc60fa1fe0c448db55f1f5945f858a7cd6f")]
    public void Rules_requests_and_answers_are_those_that_the_peers_were_measured_with(int rules, string hash) =>
        Assert.That(CommonWorkload.Of(rules).Hash(), Is.EqualTo(hash));

    [TestCase(10)]
    [TestCase(1000)]
    [TestCase(10_000)]
    public void The_hand_written_index_answers_as_the_naive_loop_and_allocates_nothing(int rules)
    {
        var workload = CommonWorkload.Of(rules);
        var index = new HashIndex(workload.Rules);
        Assert.That(workload.Requests.Select(index.Decide), Is.EqualTo(workload.Expected));

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (WorkloadRequest request in workload.Requests)
            index.Decide(request);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    /// <summary>What stands for a block of which no case matches.</summary>
    private const string Unmatched = "cipher-suites without a case that matches";

    [TestCase(10)]
    [TestCase(1000)]
    public void The_engine_answers_as_the_naive_loop_and_names_the_same_rule(int rules)
    {
        var workload = CommonWorkload.Of(rules);
        GeneratedSet set = CommonPolicies.Of(workload);
        var subject = Subject.Of(set);

        Assert.That(subject.FirstWrong(set), Is.Null);
        for (int i = 0; i < subject.Count; i++)
        {
            string[] labels = [.. subject.DecideRaw(i).Rules.Where(rule => !rule.IsByOmission).Select(rule => rule.Label)];
            Assert.That(labels, Is.EqualTo(new[] { workload.Expected[i].Rule is >= 0 and int rule ? $"cipher-suites case {rule + 1}" : Unmatched }), $"request {i}");
        }
    }

    [Test]
    public void The_answers_expected_of_the_policies_are_those_of_the_workload()
    {
        var workload = CommonWorkload.Of(100);
        GeneratedSet set = CommonPolicies.Of(workload);
        Assert.That(set.Contexts.Select(values => set.Expected(values)),
            Is.EqualTo(workload.Expected.Select(answer => answer.Outcome < 0 ? ExpectedAnswer.Denied : ExpectedAnswer.Of(answer.Outcome))));
    }
}
