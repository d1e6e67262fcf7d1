using PolicyM2M.Compiler;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>The report of a run of policy tests, as people read it: what failed and why, then the sums.</summary>
internal static class TestText
{
    private const int LongestDifference = 60;

    public static void Write(TextWriter writer, Palette palette, PolicyTestRun run, IReadOnlyList<SourceFile> sources, bool coverage)
    {
        DiagnosticReport.Write(writer, palette, run.Diagnostics, sources);
        if (!run.IsValid)
        {
            writer.Write($"{palette.Bad("invalid")}: {DiagnosticReport.Summary(run.Diagnostics)}; no test was run\n");
            return;
        }
        foreach (CaseResult failed in run.Cases.Where(result => !result.HasPassed))
            Write(writer, palette, failed);
        foreach (SnapshotResult snapshot in run.Snapshots.Where(snapshot => !snapshot.IsSame))
            Write(writer, palette, snapshot);
        foreach (InvariantResult invariant in run.Invariants)
            Write(writer, palette, invariant);
        if (run.Coverage is { } covered)
            Write(writer, palette, covered, coverage);
        writer.Write(run.HasPassed
            ? $"{palette.Good("passed")}: {DiagnosticReport.Count(run.Cases.Length, "case")}, {DiagnosticReport.Count(run.Snapshots.Length, "snapshot")} of {DiagnosticReport.Count(run.Snapshots.Sum(snapshot => snapshot.Contexts), "context")}\n"
            : $"{palette.Bad("failed")}: {Failures(run)}\n");
    }

    private static string Failures(PolicyTestRun run)
    {
        int cases = run.Cases.Count(result => !result.HasPassed), snapshots = run.Snapshots.Count(snapshot => !snapshot.IsSame), invariants = run.Invariants.Count(invariant => !invariant.Broken.IsEmpty);
        return string.Join(", ", new[]
        {
            cases > 0 ? $"{cases} of {DiagnosticReport.Count(run.Cases.Length, "case")}" : "",
            snapshots > 0 ? $"{snapshots} of {DiagnosticReport.Count(run.Snapshots.Length, "snapshot")}" : "",
            invariants > 0 ? $"{invariants} of {DiagnosticReport.Count(run.Invariants.Length, "invariant")}" : "",
        }.Where(text => text.Length > 0));
    }

    private static void Write(TextWriter writer, Palette palette, CaseResult failed)
    {
        writer.Write($"{palette.Bad("failed")}: {palette.Strong(failed.Name)}  {palette.Faint($"({failed.Source})")}\n");
        foreach (CaseFailure failure in failed.Failures)
        {
            writer.Write($"  {failure.Decided.Kind.Name()}: {failure.Expected}\n");
            writer.Write($"    got {failure.Decided.Outcome}\n");
            foreach (Rule rule in failure.Decided.Rules)
                writer.Write($"    {palette.Faint($"by {rule}")}\n");
        }
        if (failed.Failures.Any(failure => !failure.Missing.IsEmpty))
            writer.Write($"  {palette.Warn("missing")}, so the decision is the strictest over all they could be: {string.Join(", ", failed.Failures[0].Missing)}\n");
        writer.Write('\n');
    }

    private static void Write(TextWriter writer, Palette palette, SnapshotResult snapshot)
    {
        writer.Write($"{palette.Bad("changed")}: {palette.Strong(snapshot.File)}  {palette.Faint($"({snapshot.Source})")}\n");
        if (snapshot.Accepted is null)
            writer.Write($"  nothing was accepted yet: read what `m2m decide` says of the contexts, then accept it with --accept\n\n");
        else
        {
            var lines = LineDifference.Of(snapshot.Accepted, snapshot.Actual).ToList();
            foreach (string line in lines.Take(LongestDifference))
                writer.Write($"  {(line.StartsWith('-') ? palette.Bad(line) : line.StartsWith('+') ? palette.Good(line) : palette.Faint(line))}\n");
            if (lines.Count > LongestDifference)
                writer.Write($"  … {lines.Count - LongestDifference} more lines\n");
            writer.Write("  where this is meant, accept it with --accept\n\n");
        }
    }

    private static void Write(TextWriter writer, Palette palette, InvariantResult invariant)
    {
        if (invariant.Broken.IsEmpty)
        {
            writer.Write($"{palette.Warn("not yet proven")}: \"{invariant.Text}\" {palette.Faint($"({invariant.Source})")} held for {DiagnosticReport.Count(invariant.Checked, "context")}\n");
            return;
        }
        writer.Write($"{palette.Bad("broken")}: \"{invariant.Text}\" {palette.Faint($"({invariant.Source})")}\n");
        foreach ((string context, string fields, Decision decided) in invariant.Broken)
            writer.Write($"  {context}: {decided.Kind.Name()} is too loose in {fields}\n    got {decided.Outcome}\n");
    }

    private static void Write(TextWriter writer, Palette palette, RuleCoverage covered, bool isListed)
    {
        string reached = $"{covered.Reached} of {DiagnosticReport.Count(covered.Total, "rule")} reached";
        writer.Write(covered.NotReached.IsEmpty ? $"{palette.Good("coverage")}: {reached}\n" : $"{palette.Warn("coverage")}: {reached}{(isListed ? "; not reached:" : "; --coverage lists the others")}\n");
        foreach (Rule rule in isListed ? covered.NotReached : [])
            writer.Write($"  {rule}\n");
    }
}
