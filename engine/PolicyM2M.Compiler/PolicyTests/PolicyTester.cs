using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Compiler.Lowering;
using PolicyM2M.Compiler.SelfTests;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.PolicyTests;

/// <summary>Runs the tests of a policy set: reads them, decides each context, and compares.</summary>
public sealed class PolicyTester
{
    private readonly BoundPolicySet _set;
    private readonly Decider _decider;
    private readonly InvariantScopes _scopes;
    private readonly HashSet<SourcePosition> _reached = [];
    private readonly Dictionary<BoundInvariant, (int Checked, ImmutableArray<(string, string, Decision)>.Builder Broken)> _invariants = [];

    private PolicyTester(BoundPolicySet set, Bundle bundle)
    {
        _set = set;
        _decider = new Decider(bundle);
        _scopes = InvariantScopes.Of(set, new CompileBudget());
        foreach (BoundInvariant invariant in set.Policies.SelectMany(policy => policy.Invariants))
            _invariants[invariant] = (0, ImmutableArray.CreateBuilder<(string, string, Decision)>());
    }

    /// <summary>Runs the tests. Never throws for what is in the files.</summary>
    /// <param name="policies">The files of the policy set.</param>
    /// <param name="tests">The files of its tests, and whatever these name: contexts and snapshots.</param>
    /// <param name="filter">Only cases and snapshots whose file or name holds this; null for all.</param>
    /// <param name="progress">Told the name of what is run next; null for nobody.</param>
    public static PolicyTestRun Run(IReadOnlyList<SourceFile> policies, IReadOnlyList<SourceFile> tests, string? filter, Action<string>? progress)
    {
        ArgumentNullException.ThrowIfNull(policies);
        ArgumentNullException.ThrowIfNull(tests);
        var faults = new Faults();
        (BoundPolicySet? set, byte[]? bytes) = PolicyCompiler.CompileBound(policies, faults);
        if (set is null || bytes is null)
            return new PolicyTestRun(faults.Sorted(), null, [], [], [], null);
        var bundle = Bundle.Read(bytes);
        Dictionary<string, SourceFile> files = ByPath(tests);
        List<(string Path, PolicyTestFile Tests)> read = Read(set, bundle, files, faults);
        return faults.HasErrors
            ? new PolicyTestRun(faults.Sorted(), null, [], [], [], null)
            : new PolicyTester(set, bundle).Run(read, files, filter, progress) with { Diagnostics = faults.Sorted() };
    }

    /// <summary>Compiles a policy set and reads its tests, without running them: faults of either are faults of what would be served. Never throws for what is in the files.</summary>
    /// <param name="policies">The files of the policy set.</param>
    /// <param name="tests">The files of its tests, and whatever these name.</param>
    public static Compilation Check(IReadOnlyList<SourceFile> policies, IReadOnlyList<SourceFile> tests)
    {
        ArgumentNullException.ThrowIfNull(policies);
        ArgumentNullException.ThrowIfNull(tests);
        var faults = new Faults();
        (BoundPolicySet? set, byte[]? bytes) = PolicyCompiler.CompileBound(policies, faults);
        if (set is not null)
            Read(set, bytes is null ? null : Bundle.Read(bytes), ByPath(tests), faults);
        return PolicyCompiler.Compiled(set, faults.HasErrors ? null : bytes, faults);
    }

    private static Dictionary<string, SourceFile> ByPath(IReadOnlyList<SourceFile> files)
    {
        var byPath = new Dictionary<string, SourceFile>(StringComparer.Ordinal);
        foreach (SourceFile file in files)
            byPath.TryAdd(file.Path, file);
        return byPath;
    }

    /// <param name="set">The policies, as far as they can be read.</param>
    /// <param name="bundle">The compiled set; null where it has faults: then nobody knows which rules it will have.</param>
    /// <param name="files">The files of the tests.</param>
    /// <param name="faults">Where to report.</param>
    private static List<(string Path, PolicyTestFile Tests)> Read(BoundPolicySet set, Bundle? bundle, Dictionary<string, SourceFile> files, Faults faults)
    {
        var attributes = set.Attributes.ToDictionary(attribute => attribute.Name, StringComparer.Ordinal);
        string[]? rules = bundle is null ? null : [.. bundle.Rules.Select(Expectation.DecidedBy.NameOf)];
        var read = new List<(string Path, PolicyTestFile Tests)>();
        foreach (SourceFile file in files.Values.Where(file => SourceNames.IsTest(file.Path)).OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            if (file.Unreadable is not null)
                faults.Unreadable(file);
            else if (file.Path.EndsWith(PolicyTestRun.TestExtension, StringComparison.Ordinal))
                read.Add((file.Path, PolicyTestReader.Read(new SourceText(file), attributes, rules, files, faults)));
        }
        return read;
    }

    private PolicyTestRun Run(List<(string Path, PolicyTestFile Tests)> files, Dictionary<string, SourceFile> contents, string? filter, Action<string>? progress)
    {
        var cases = ImmutableArray.CreateBuilder<CaseResult>();
        var snapshots = ImmutableArray.CreateBuilder<SnapshotResult>();
        bool isWhole = true;
        foreach ((string path, PolicyTestFile tests) in files)
        {
            foreach (PolicyTest test in tests.Cases)
            {
                if (!IsWanted($"{path}: {test.Name}"))
                    continue;
                progress?.Invoke(test.Name);
                cases.Add(Case(test));
            }
            foreach (SnapshotTest snapshot in tests.Snapshots.Where(snapshot => IsWanted($"{path}: {snapshot.File}")))
            {
                progress?.Invoke(snapshot.File);
                string actual = SnapshotText.Of(snapshot.Contexts.Select(context => (context.Path, Decide($"{context.Path}", context.Context, snapshot.Now, DecisionKinds.All))));
                snapshots.Add(new SnapshotResult(snapshot.File, snapshot.Source, contents.GetValueOrDefault(snapshot.File)?.Text.ReplaceLineEndings("\n"), actual));
            }
        }
        Rule[] rules = [.. _decider.Bundle.Rules.Where(rule => !rule.IsByOmission)];
        ImmutableArray<Rule> notReached = [.. rules.Where(rule => !_reached.Contains(rule.Source))];
        return new PolicyTestRun([], _decider.Bundle, cases.ToImmutable(), snapshots.ToImmutable(),
            [.. _invariants.Select(entry => new InvariantResult(entry.Key.Text, entry.Key.Always.Kind, entry.Key.Source, entry.Value.Checked, entry.Value.Broken.ToImmutable()))],
            isWhole ? new RuleCoverage(rules.Length - notReached.Length, notReached) : null)
        {
            SelfTest = isWhole ? BundleSelfTest.Run(_set, _decider.Bundle) : new SelfTestResult(0, []),
        };

        bool IsWanted(string name)
        {
            bool isWanted = filter is null || name.Contains(filter, StringComparison.OrdinalIgnoreCase);
            isWhole &= isWanted;
            return isWanted;
        }
    }

    private CaseResult Case(PolicyTest test)
    {
        DecisionKind[] kinds = [.. test.Expected.Select(expected => expected.Kind).Distinct()];
        var decisions = Decide($"{test.Source}: {test.Name}", test.Given, test.Now, kinds).ToDictionary(decision => decision.Kind);
        PreparedContext prepared = _decider.Prepare(test.Given);
        return new CaseResult(test.Name, test.Source,
            [.. test.Expected.Select(expected => (Refuted: expected.Refute(decisions[expected.Kind]), Decision: decisions[expected.Kind])).Where(result => result.Refuted is not null)
                .Select(result => new CaseFailure(result.Refuted!, result.Decision, Gaps(result.Decision.Kind)))]);

        Gaps Gaps(DecisionKind kind)
        {
            var path = new DecisionPath();
            _decider.Decide(kind, prepared, test.Now, path);
            return path.Region().GapsOf(prepared, test.Now);
        }
    }

    /// <summary>The decisions of these kinds; on the way, what they reach is noted and the invariants of all kinds are checked.</summary>
    private ImmutableArray<Decision> Decide(string name, DeviceContext context, DateTimeOffset now, IEnumerable<DecisionKind> kinds)
    {
        PreparedContext prepared = _decider.Prepare(context);
        var reading = new ContextReading(context, now, _decider.Bundle.Attributes);
        foreach ((BoundInvariant invariant, var state) in _invariants.ToList())
        {
            // Where its condition is open, what the context could be is under it, and the decision is no looser than that one's.
            if (!_scopes.Covers(invariant, context, now))
                continue;
            Decision decided = _decider.Decide(invariant.Always.Kind, prepared, now);
            if (invariant.BrokenBy(decided.Outcome) is { Length: > 0 } fields)
                state.Broken.Add((name, string.Join(", ", fields.Select(field => field.Name)), decided));
            _invariants[invariant] = (state.Checked + 1, state.Broken);
        }
        DecisionKind[] asked = [.. kinds];
        Reach(reading, asked);
        return [.. asked.Select(kind => _decider.Decide(kind, prepared, now))];
    }

    /// <summary>Notes the case that each block chooses and the demands that apply, where no missing attribute leaves that open.</summary>
    private void Reach(ContextReading reading, DecisionKind[] kinds)
    {
        foreach (DecisionKind kind in kinds)
            _reached.UnionWith(ApplyingRules.Of(_set, kind, reading).Rules.Select(rule => rule.Source));
    }
}
