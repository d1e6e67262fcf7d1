using System.Text;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.PolicyTests;

namespace PolicyM2M.Cli;

/// <summary><c>m2m test</c>: runs the tests of a policy set.</summary>
internal static class TestCommand
{
    /// <summary>What to do besides running them.</summary>
    /// <param name="Filter">Only cases and snapshots whose file or name holds this; null for all.</param>
    /// <param name="Json">Whether to write JSON.</param>
    /// <param name="JUnit">The file for a JUnit report; null for none.</param>
    /// <param name="Coverage">Whether to list the rules that no test reaches.</param>
    /// <param name="Accept">Whether to accept the snapshots as they are.</param>
    internal sealed record Options(string? Filter, bool Json, string? JUnit, bool Coverage, bool Accept);

    public static int Run(string folder, Options options, Streams streams)
    {
        OutputFile? junit = options.JUnit is null ? null : new OutputFile(options.JUnit);
        junit?.Demand(isText: true, options.Json);
        IReadOnlyList<SourceFile> policies = PolicyFolder.Read(folder);
        IReadOnlyList<SourceFile> tests = TestFolder.Read(folder);
        if (!tests.Any(file => file.Path.EndsWith(PolicyTestRun.TestExtension, StringComparison.Ordinal)))
            throw new CannotRunException($"`{folder}` has no tests: they stand in files that end with {PolicyTestRun.TestExtension}");

        PolicyTestRun run;
        using (var progress = new Progress(streams))
            run = PolicyTester.Run(policies, tests, options.Filter, progress.Say);
        if (run.IsValid && run.Cases.IsEmpty && run.Snapshots.IsEmpty)
            throw new CannotRunException(options.Filter is null ? $"the tests of `{folder}` hold no case" : $"no case and no snapshot holds `{options.Filter}` in its file or name");
        if (options.Accept)
            run = Accept(folder, run, options.Json || junit is { IsStandardOutput: true } ? null : streams);
        junit?.Write(Encoding.UTF8.GetBytes(TestJUnit.Of(run)), streams);
        (TextWriter report, Palette colours) = junit?.Report(streams) ?? (streams.Answers, streams.AnswerColours);
        if (options.Json)
            report.Write(TestJson.Of(run) + "\n");
        else
            TestText.Write(report, colours, run, [.. policies, .. tests], options.Coverage);
        return !run.IsValid ? ExitCode.InvalidPolicy : run.HasPassed ? ExitCode.Ok : ExitCode.NotAsExpected;
    }

    /// <summary>Writes what is decided now in place of what was accepted.</summary>
    private static PolicyTestRun Accept(string folder, PolicyTestRun run, Streams? streams)
    {
        foreach (SnapshotResult snapshot in run.Snapshots.Where(snapshot => !snapshot.IsSame))
        {
            string path = Path.Combine(folder, snapshot.File);
            if (Path.GetDirectoryName(path) is { Length: > 0 } parent)
                Directory.CreateDirectory(parent);
            WholeFile.Write(path, Encoding.UTF8.GetBytes(snapshot.Actual));
            streams?.Answers.Write($"{streams.AnswerColours.Good("accepted")}: {Printable.Of(snapshot.File)}\n");
        }
        return run with { Snapshots = [.. run.Snapshots.Select(snapshot => snapshot with { Accepted = snapshot.Actual })] };
    }
}
