using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.SelfTests;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.PolicyTests;

/// <summary>What became of the tests of a policy set.</summary>
/// <param name="Diagnostics">Every fault of the policies and of the tests, sorted; where there is an error nothing was run.</param>
/// <param name="Bundle">The compiled set; null where there is an error.</param>
/// <param name="Cases">The cases that were run, by file and place.</param>
/// <param name="Snapshots">The snapshots that were compared.</param>
/// <param name="Invariants">The invariants, and whether a context of the tests breaks them.</param>
/// <param name="Coverage">Which rules the tests reach; null where some tests were left out.</param>
public sealed record PolicyTestRun(
    ImmutableArray<Diagnostic> Diagnostics, Bundle? Bundle, ImmutableArray<CaseResult> Cases, ImmutableArray<SnapshotResult> Snapshots,
    ImmutableArray<InvariantResult> Invariants, RuleCoverage? Coverage)
{
    /// <summary>What the path of a file of tests ends with.</summary>
    public const string TestExtension = ".tests.yaml";

    /// <summary>What the path of an accepted snapshot ends with.</summary>
    public const string SnapshotExtension = ".snapshot.txt";

    /// <summary>Whether the bundle decides as the policies say; nothing was tried where it is null or where some tests were left out.</summary>
    public SelfTestResult SelfTest { get; init; } = new(0, []);

    /// <summary>Whether the policies and the tests could be read.</summary>
    public bool IsValid => Bundle is not null;

    /// <summary>Whether everything is as expected.</summary>
    public bool HasPassed => IsValid && Cases.All(result => result.HasPassed) && Snapshots.All(snapshot => snapshot.IsSame)
        && Invariants.All(invariant => invariant.Broken.IsEmpty) && SelfTest.Faults.IsEmpty;

    /// <summary>The diagnostics, and after them whatever is not as expected, each as an error: why such a set must not be served.</summary>
    public ImmutableArray<Diagnostic> Objections =>
    [
        .. Diagnostics,
        .. Cases.Where(result => !result.HasPassed).Select(result => Objection("M2M512", result.Source,
            $"the case `{result.Name}` fails: {result.Failures[0].Decided.Kind.Name()}: {result.Failures[0].Expected}, got {result.Failures[0].Decided.Outcome}")),
        .. Snapshots.Where(snapshot => !snapshot.IsSame).Select(snapshot => Objection("M2M513", snapshot.Source,
            snapshot.Accepted is null ? $"nothing was accepted yet as `{snapshot.File}`" : $"the decisions are not those accepted as `{snapshot.File}`")),
        .. Invariants.Where(invariant => !invariant.Broken.IsEmpty).Select(invariant => Objection("M2M514", invariant.Source,
            $"the invariant \"{invariant.Text}\" is broken for {invariant.Broken[0].Context}: {invariant.Kind.Name()} is too loose in {invariant.Broken[0].Fields}")),
        .. SelfTest.Faults.Select(fault => new Diagnostic("M2M515", Severity.Error, fault.Source, 1,
            $"the bundle does not decide as its policies say: {fault.Message}", "the policies are not at fault: please report it with them")),
    ];

    private static Diagnostic Objection(string code, SourcePosition position, string message) => new(code, Severity.Error, position, 1, message, "`m2m test` shows all of it");
}

/// <summary>What became of one case.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Source">Where it stands.</param>
/// <param name="Failures">What is not as expected; empty where all is.</param>
public sealed record CaseResult(string Name, SourcePosition Source, ImmutableArray<CaseFailure> Failures)
{
    /// <summary>Whether all is as expected.</summary>
    public bool HasPassed => Failures.IsEmpty;
}

/// <summary>Something that is not as a case expects.</summary>
/// <param name="Expected">What was expected, as a sentence.</param>
/// <param name="Decided">What was decided.</param>
/// <param name="Gaps">What nobody said, so that it was decided without it.</param>
public sealed record CaseFailure(string Expected, Decision Decided, Gaps Gaps);

/// <summary>What became of one snapshot.</summary>
/// <param name="File">The file of the accepted decisions.</param>
/// <param name="Source">Where the snapshot is asked for.</param>
/// <param name="Accepted">What was accepted; null where there is no such file.</param>
/// <param name="Actual">What is decided now.</param>
public sealed record SnapshotResult(string File, SourcePosition Source, string? Accepted, string Actual)
{
    /// <summary>Whether the decisions are the accepted ones.</summary>
    public bool IsSame => Accepted == Actual;

    /// <summary>How many contexts it holds.</summary>
    public int Contexts => Actual.Split('\n').Count(line => line.StartsWith("== ", StringComparison.Ordinal));
}

/// <summary>An invariant. It is not proven: what is known is that no context of the tests breaks it, or which do.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Kind">The kind of decision it speaks of.</param>
/// <param name="Source">Where it stands.</param>
/// <param name="Checked">For how many contexts it was checked: those under its condition.</param>
/// <param name="Broken">Where it is broken: the context, and the fields that are too loose.</param>
public sealed record InvariantResult(string Text, DecisionKind Kind, SourcePosition Source, int Checked, ImmutableArray<(string Context, string Fields, Decision Decided)> Broken);

/// <summary>Which rules some test reaches: the case that is chosen, and the demand that applies.</summary>
/// <param name="Reached">How many are reached.</param>
/// <param name="NotReached">Those that no test reaches, in the order of the manifest.</param>
public sealed record RuleCoverage(int Reached, ImmutableArray<Rule> NotReached)
{
    /// <summary>How many rules there are.</summary>
    public int Total => Reached + NotReached.Length;
}
