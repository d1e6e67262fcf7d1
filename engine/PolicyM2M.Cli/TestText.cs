using System.Collections.Immutable;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Compiler.SelfTests;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Regions;
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
        foreach (SelfTestFault fault in run.SelfTest.Faults)
            writer.Write($"{palette.Bad("wrong bundle")}: {Printable.Of(fault.Message)}  {palette.Faint(Printable.Of($"({fault.Source})"))}\n\n");
        foreach (CaseResult failed in run.Cases.Where(result => !result.HasPassed))
            Write(writer, palette, failed);
        foreach (SnapshotResult snapshot in run.Snapshots.Where(snapshot => !snapshot.IsSame))
            Write(writer, palette, snapshot);
        foreach (InvariantResult invariant in run.Invariants)
            Write(writer, palette, invariant);
        if (run.Coverage is { } covered)
            Write(writer, palette, covered, coverage);
        writer.Write(run.HasPassed
            ? $"{palette.Good("passed")}: {DiagnosticReport.Count(run.Cases.Length, "case")}, {DiagnosticReport.Count(run.Snapshots.Length, "snapshot")} "
                + $"of {DiagnosticReport.Count(run.Snapshots.Sum(snapshot => snapshot.Contexts), "context")}\n"
            : Failures(palette, run) + "\n");
    }

    /// <summary>A snapshot that nobody has accepted yet has not failed, though the run is not as expected either.</summary>
    private static string Failures(Palette palette, PolicyTestRun run)
    {
        int cases = run.Cases.Count(result => !result.HasPassed);
        int changed = run.Snapshots.Count(snapshot => !snapshot.IsSame && snapshot.Accepted is not null);
        int invariants = run.Invariants.Count(invariant => !invariant.Broken.IsEmpty);
        string failed = string.Join(", ", new[]
        {
            cases > 0 ? $"{cases} of {DiagnosticReport.Count(run.Cases.Length, "case")}" : "",
            changed > 0 ? $"{changed} of {DiagnosticReport.Count(run.Snapshots.Length, "snapshot")}" : "",
            invariants > 0 ? $"{invariants} of {DiagnosticReport.Count(run.Invariants.Length, "invariant")}" : "",
            run.SelfTest.Faults.IsEmpty ? "" : $"{run.SelfTest.Faults.Length} of {DiagnosticReport.Count(run.SelfTest.Witnesses, "self-test context")}",
        }.Where(text => text.Length > 0));
        int unseen = run.Snapshots.Count(snapshot => snapshot.Accepted is null);
        string open = unseen > 0 ? $"{palette.Warn("not yet accepted")}: {DiagnosticReport.Count(unseen, "new snapshot")}" : "";
        return failed.Length == 0 ? open : $"{palette.Bad("failed")}: {failed}{(open.Length == 0 ? "" : $"; {open}")}";
    }

    private static void Write(TextWriter writer, Palette palette, CaseResult failed)
    {
        writer.Write($"{palette.Bad("failed")}: {palette.Strong(Printable.Of(failed.Name))}  {palette.Faint(Printable.Of($"({failed.Source})"))}\n");
        foreach (CaseFailure failure in failed.Failures)
        {
            writer.Write($"  {failure.Decided.Kind.Name()}: {Printable.Of(failure.Expected)}\n");
            writer.Write($"    got {Printable.Of(failure.Decided.Outcome.ToString())}\n");
            foreach (Rule rule in failure.Decided.Rules)
                writer.Write($"    {palette.Faint(Printable.Of($"by {rule}"))}\n");
        }
        foreach ((string word, string meaning, ImmutableArray<string> names) in GapText.Of(Gaps.Of([.. failed.Failures.Select(failure => failure.Gaps)])))
            writer.Write($"  {palette.Warn(word)}{meaning}: {Printable.Of(string.Join(", ", names))}\n");
        writer.Write('\n');
    }

    private static void Write(TextWriter writer, Palette palette, SnapshotResult snapshot)
    {
        string file = $"{palette.Strong(Printable.Of(snapshot.File))}  {palette.Faint(Printable.Of($"({snapshot.Source})"))}";
        if (snapshot.Accepted is null)
        {
            writer.Write($"{palette.Warn("new snapshot, not yet accepted")}: {file}\n");
            writer.Write($"  read what `m2m decide` says of its {DiagnosticReport.Count(snapshot.Contexts, "context")}, then run with --accept\n\n");
        }
        else
        {
            writer.Write($"{palette.Bad("changed")}: {file}\n");
            var lines = LineDifference.Of(snapshot.Accepted, snapshot.Actual).Select(Printable.Of).ToList();
            foreach (string line in lines.Take(LongestDifference))
                writer.Write($"  {(line.StartsWith('-') ? palette.Bad(line) : line.StartsWith('+') ? palette.Good(line) : palette.Faint(line))}\n");
            if (lines.Count > LongestDifference)
                writer.Write($"  … {lines.Count - LongestDifference} more lines\n");
            writer.Write("  where this is meant, accept it with --accept\n\n");
        }
    }

    private static void Write(TextWriter writer, Palette palette, InvariantResult invariant)
    {
        string text = $"{Printable.Of($"\"{invariant.Text}\"")} {palette.Faint(Printable.Of($"({invariant.Source})"))}";
        if (invariant.Checked == 0)
        {
            writer.Write($"{palette.Warn("not checked")}: {text} no context of the tests that were run is under its condition\n");
            return;
        }
        if (invariant.Broken.IsEmpty)
        {
            writer.Write($"{palette.Warn("not yet proven")}: {text} held for {DiagnosticReport.Count(invariant.Checked, "context")}\n");
            return;
        }
        writer.Write($"{palette.Bad("broken")}: {text}\n");
        foreach ((string context, string fields, Decision decided) in invariant.Broken)
            writer.Write($"  {Printable.Of(context)}: {decided.Kind.Name()} is too loose in {fields}\n    got {Printable.Of(decided.Outcome.ToString())}\n");
    }

    private static void Write(TextWriter writer, Palette palette, RuleCoverage covered, bool isListed)
    {
        string reached = $"{covered.Reached} of {DiagnosticReport.Count(covered.Total, "rule")} reached";
        writer.Write(covered.NotReached.IsEmpty ? $"{palette.Good("coverage")}: {reached}\n"
            : $"{palette.Warn("coverage")}: {reached}{(isListed ? "; not reached:" : "; --coverage lists the others")}\n");
        foreach (Rule rule in isListed ? covered.NotReached : [])
            writer.Write($"  {Printable.Of(rule.ToString())}\n");
    }
}
