using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Compiler.Trees;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>The trees against the meaning, for random policies and contexts. POLICYM2M_RUNS makes the run longer.</summary>
internal sealed class DecisionProperties
{
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("POLICYM2M_RUNS"), out int runs) ? runs : 400;

    /// <summary>Room for a whole tree of every random set: of the other shapes only a bound is asked where attributes are missing.</summary>
    private static readonly TreeLimits Roomy = TreeLimits.Usual with { WordsBesides = 1 << 20 };

    [Test]
    public void Trees_decide_what_the_policies_mean_where_everything_is_known() => SeededProperty.Holds(Runs, random => Check(random, contexts: 40, missing: 0));

    [Test]
    public void A_missing_attribute_gives_exactly_the_strictest_over_all_that_it_could_be() => SeededProperty.Holds(Runs, random => Check(random, contexts: 8, missing: 3));

    [Test]
    public void The_same_sources_in_any_order_give_the_same_bytes() => SeededProperty.Holds(40, random =>
    {
        IReadOnlyList<SourceFile> set = new RandomPolicies(random).Set();
        SourceFile[] shuffled = [.. set];
        random.Shuffle(shuffled);
        Assert.That(PolicyCompiler.Compile(shuffled).Bundle!.Hash, Is.EqualTo(PolicyCompiler.Compile(set).Bundle!.Hash));
    });

    private static void Check(Random random, int contexts, int missing)
    {
        var policies = new RandomPolicies(random, isCorrelated: missing == 0);
        IReadOnlyList<SourceFile> files = policies.Set();
        var faults = new Faults();
        BoundPolicySet bound = PolicyCompiler.Bind(files, faults)!;
        Assert.That(faults.Sorted().Where(fault => fault.Severity == Severity.Error), Is.Empty, () => Sources(files));
        var decider = new Decider(Bundle.Read(PolicyCompiler.Emit(bound, faults, missing == 0 ? TreeLimits.Usual : Roomy)!));
        for (int i = 0; i < contexts; i++)
        {
            DeviceContext context = policies.Context(missing);
            foreach (DecisionKind kind in DecisionKinds.All)
            {
                Outcome actual = decider.Decide(kind, decider.Prepare(context), RandomPolicies.Now).Outcome;
                SortedDictionary<string, FieldValue>? expected = NaiveEvaluator.Decide(bound, kind, context);
                bool isComplete = decider.Prepare(context).Missing.IsEmpty;
                Assert.That(Shown(actual.IsDenied ? null : actual.Values.ToDictionary(v => v.Field.Name, v => v.Value), isComplete),
                    Is.EqualTo(Shown(expected, isComplete)),
                    () => $"{kind.Name()} for {string.Join(", ", context.Values)}\n{actual}\n{Sources(files)}");
            }
        }
    }

    /// <summary>A list's order of preference follows the manifest; where several completions are met the oracle's order is that of its trials, so names are sorted.</summary>
    private static string Shown(IReadOnlyDictionary<string, FieldValue>? values, bool isComplete) => values is null ? "deny"
        : string.Join("\n", values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key} {(v.Value is FieldValue.Names names && !isComplete ? string.Join(", ", names.Items.Order()) : v.Value)}"));

    private static string Sources(IReadOnlyList<SourceFile> files) => string.Join("\n", files.Select(file => $"--- {file.Path}\n{file.Text}"));
}
