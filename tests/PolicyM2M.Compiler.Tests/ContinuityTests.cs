using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Whether decisions of one revision are those of the next.</summary>
internal sealed class ContinuityTests
{
    private const string Manifest = "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m, q.m2m]\n";

    private const string Attributes = """
        attributes:
          id:    { type: string, provenance: claimed, description: x }
          fw:    { type: version, provenance: claimed, description: x }
          risk:  { type: int, minimum: 0, maximum: 100, provenance: registry, description: x }
          zone:  { type: enum, values: [cell, dmz], provenance: registry, description: x }
        """;

    private const string First = """
        policy p
        auth {
          when zone == "dmz"              use { methods x509  reauthenticate 1h  fresh-for 1h  usable-for 1d }
          when fw >= 2.0 and risk < 50    use { methods x509, psk  fresh-for 1h  usable-for 1d }
          otherwise                       use { methods x509  fresh-for 1h  usable-for 1d }
        }
        """;

    private const string Second = "policy q\nrequire r : auth { mutual required } when risk >= 90\n";

    private static readonly DeviceContext Typical = DeviceContext.Of([new("id", AttributeValue.Of("plc")), new("fw", AttributeValue.Of("2.1")), new("risk", AttributeValue.Of(7L)), new("zone", AttributeValue.Of("cell"))]);

    [Test]
    public void What_holds_under_other_policies_is_decided_so_by_them_for_every_context_of_the_region()
    {
        int held = 0, changed = 0;
        SeededProperty.Holds(600, random =>
        {
            var policies = new RandomPolicies(random, isCorrelated: random.Next(2) == 0);
            SourceFile[] before = [.. policies.Set()], after = Changed(before, [.. policies.Set()], random);
            var decider = new Decider(PolicyCompiler.Compile(before).Bundle!);
            if (PolicyCompiler.Compile(after).Bundle is not { } bundle)
                return;
            var other = new Decider(bundle);
            DateTimeOffset from = RandomPolicies.Now, until = from.AddHours(random.Next(1, 2_000));
            var path = new DecisionPath();
            for (int i = 0; i < 6; i++)
            {
                DeviceContext context = policies.Context(missing: random.Next(4));
                foreach (DecisionKind kind in DecisionKinds.All)
                {
                    Decision decision = decider.Decide(kind, decider.Prepare(context), from, path);
                    Region region = path.Region();
                    if (decision.Outcome.IsDenied)
                        continue;
                    if (!Continuity.Holds(decision.Outcome, region.Parts, bundle, from, until))
                    {
                        changed++;
                        continue;
                    }
                    held++;
                    foreach (DeviceContext near in policies.Near(context))
                    {
                        foreach (DateTimeOffset moment in new[] { from, from.AddSeconds(1), from.AddSeconds(random.NextInt64((long)(until - from).TotalSeconds + 1)), until })
                        {
                            if (region.Contains(decider.Prepare(near), moment))
                            {
                                Assert.That(other.Decide(kind, other.Prepare(near), moment).Outcome, Is.EqualTo(decision.Outcome),
                                    () => $"{kind.Name()} in {region} for {string.Join(", ", near.Values)} at {moment:O}\n{string.Join("\n", after.Select(file => file.Text))}");
                            }
                        }
                    }
                }
            }
        });
        if (Environment.GetEnvironmentVariable(SeededProperty.SeedVariable) is null)
            Assert.That(Math.Min(held, changed), Is.GreaterThan(500), () => $"it says one thing always: {held} hold, and {changed} do not");
    }

    [Test]
    public void Under_the_same_policies_what_is_known_holds() => SeededProperty.Holds(200, random =>
    {
        var policies = new RandomPolicies(random);
        Bundle bundle = PolicyCompiler.Compile(policies.Set()).Bundle!;
        var decider = new Decider(bundle);
        var path = new DecisionPath();
        DeviceContext context = policies.Context(missing: 0);
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Decision decision = decider.Decide(kind, decider.Prepare(context), RandomPolicies.Now, path);
            Region region = path.Region();
            Assert.That(Continuity.Holds(decision.Outcome, region.Parts, bundle, RandomPolicies.Now, RandomPolicies.Now), Is.EqualTo(!decision.Outcome.IsDenied), () => $"{decision.Outcome} in {region}");
        }
    });

    [TestCase("methods x509  fresh-for 1h  usable-for 1d", "methods spiffe-x509  fresh-for 1h  usable-for 1d", true, TestName = "{m}(a case that does not concern it)")]
    [TestCase("zone == \"dmz\"", "zone == \"dmz\" or id in [\"a\", \"b\"]", false, TestName = "{m}(an attribute that was not looked at decides for some)")]
    [TestCase("fw >= 2.0", "fw >= 1.5", true, TestName = "{m}(a wider case)")]
    [TestCase("fw >= 2.0", "fw >= 2.1", false, TestName = "{m}(a narrower case, although the device is still in it)")]
    [TestCase("risk < 50", "risk < 50 or id == \"plc\"", true, TestName = "{m}(a case that more get into)")]
    [TestCase("x509, psk  fresh-for 1h", "x509, psk  fresh-for 2h", false, TestName = "{m}(another window)")]
    [TestCase("x509, psk", "psk, x509", false, TestName = "{m}(another order of preference)")]
    [TestCase("risk >= 90", "risk >= 90 or time.now >= 2027-01-01", true, TestName = "{m}(a rule that begins when the decision has ended)")]
    [TestCase("risk >= 90", "risk >= 90 or time.now >= 2026-11-24", false, TestName = "{m}(a rule that begins before)")]
    [TestCase("maximum: 100", "maximum: 99", false, TestName = "{m}(a value that is no longer usable)")]
    [TestCase("zone:  { type: enum, values: [cell, dmz], provenance: registry", "zone:  { type: enum, values: [cell, dmz], provenance: claimed", false, TestName = "{m}(who may say it)")]
    [TestCase("id:    { type: string, provenance: claimed", "id:    { type: string, provenance: registry", true, TestName = "{m}(who may say what is not looked at)")]
    public void A_decision_holds_after(string old, string @new, bool holds)
    {
        SourceFile[] files = [new("policyset.yaml", Manifest), new("a.attributes.yaml", Attributes), new("p.m2m", First), new("q.m2m", Second)];
        var decider = new Decider(PolicyCompiler.Compile(files).Bundle!);
        Bundle next = PolicyCompiler.Compile([.. files.Select(file => file with { Text = file.Text.Replace(old, @new, StringComparison.Ordinal) })]).Bundle!;
        Assert.That(next.Hash, Is.Not.EqualTo(decider.Bundle.Hash));
        var path = new DecisionPath();
        Decision decision = decider.Decide(DecisionKind.Auth, decider.Prepare(Typical), RandomPolicies.Now, path);
        Assert.That(Continuity.Holds(decision.Outcome, path.Region().Parts, next, RandomPolicies.Now, RandomPolicies.Now.AddDays(1)), Is.EqualTo(holds), () => $"{path.Region()}");
    }

    [Test]
    public void Where_it_would_take_too_long_nothing_is_said_to_hold()
    {
        // Each policy forks into its own cases, and the combinations are too many to look at.
        string many = string.Concat(Enumerable.Range(0, 16).Select(i => $"  c{i}: {{ type: bool, provenance: claimed, description: x }}\n"));
        SourceFile[] Set(int count) =>
        [
            new("policyset.yaml", $"name: s\nattributes: a.attributes.yaml\npolicies: [{string.Join(", ", Enumerable.Range(0, count).Select(i => $"p{i}.m2m"))}]\n"),
            new("a.attributes.yaml", $"attributes:\n{many}"),
            .. Enumerable.Range(0, count).Select(i => new SourceFile($"p{i}.m2m", $"policy p{i}\nauth {{\n  when c{i}  use {{ methods x509  reauthenticate {i + 1}h }}\n  otherwise  use {{ methods x509 }}\n}}\n")),
        ];
        Bundle next = PolicyCompiler.Compile(Set(16)).Bundle!;
        var decider = new Decider(PolicyCompiler.Compile(Set(1)).Bundle!);
        var path = new DecisionPath();
        Decision decision = decider.Decide(DecisionKind.Auth, decider.Prepare(DeviceContext.Of([new("c0", AttributeValue.Of(false))])), RandomPolicies.Now, path);
        Assert.That(Continuity.Holds(decision.Outcome, path.Region().Parts, next, RandomPolicies.Now, RandomPolicies.Now), Is.False);
    }

    /// <summary>Every way through the tree comes to the same outcome, by so many rules that to meet them all for each way would be too much.</summary>
    [TestCase(4, true)]
    [TestCase(11, false)]
    public void Many_ways_to_one_outcome_are_gone_as_far_as_that_is_little_work(int count, bool holds)
    {
        SourceFile[] files =
        [
            new("policyset.yaml", $"name: s\nattributes: a.attributes.yaml\npolicies: [{string.Join(", ", Enumerable.Range(0, count).Select(i => $"p{i}.m2m"))}]\n"),
            new("a.attributes.yaml", $"attributes:\n{string.Concat(Enumerable.Range(0, count).Select(i => $"  c{i}: {{ type: bool, provenance: claimed, description: x }}\n"))}"),
            .. Enumerable.Range(0, count).Select(i => new SourceFile($"p{i}.m2m", $"policy p{i}\nauth {{\n  when c{i}  use {{ methods x509 }}\n  otherwise  use {{ methods x509 }}\n}}\n")),
        ];
        Bundle bundle = PolicyCompiler.Compile(files).Bundle!;
        var decider = new Decider(bundle);
        Decision decision = decider.Decide(DecisionKind.Auth, decider.Prepare(DeviceContext.Empty), RandomPolicies.Now);
        Assert.That(Continuity.Holds(decision.Outcome, new RegionParts([], []), bundle, RandomPolicies.Now, RandomPolicies.Now), Is.EqualTo(holds));
    }

    /// <summary>One policy is another, or one word of one is.</summary>
    private static SourceFile[] Changed(SourceFile[] files, SourceFile[] others, Random random)
    {
        int place = random.Next(2, files.Length);
        SourceFile file = files[place];
        string[] lines = file.Text.Split('\n');
        int line = random.Next(lines.Length);
        string changed = random.Next(4) switch
        {
            0 when others.Length > place => others[place].Text,
            1 => file.Text.Replace("1h", "2h", StringComparison.Ordinal),
            2 => file.Text.Replace(" 3", " 4", StringComparison.Ordinal),
            _ => string.Join('\n', lines.Where((text, i) => i != line || !text.StartsWith("  when", StringComparison.Ordinal))),
        };
        return [.. files.Select((known, i) => i == place ? known with { Text = changed } : known)];
    }
}
