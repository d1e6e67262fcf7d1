using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>
/// Folders of faults that authors make. Beside each lies <c>expected.tsv</c>, written before the compiler was: file, line, column,
/// code, and the text under the caret.
/// </summary>
internal sealed class BrokenPoliciesTests
{
    private static readonly string Cases = Path.Combine(ProjectFolder.Of(typeof(BrokenPoliciesTests).Assembly), "cases");

    private const string BrokenTests = "broken-tests";

    private static IEnumerable<string> Folders =>
        Directory.GetDirectories(Path.Combine(Cases, "broken-manifests")).Append(Path.Combine(Cases, "broken")).Append(Path.Combine(Cases, "broken-yaml"))
            .Select(folder => Path.GetRelativePath(Cases, folder).Replace('\\', '/')).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Folders))]
    public void Every_fault_is_reported_at_its_place(string folder)
    {
        IReadOnlyList<SourceFile> sources = Repository.Sources(Path.Combine(Cases, folder));
        Compilation compilation = PolicyCompiler.Compile(sources);
        string[] expected = File.ReadAllLines(Path.Combine(Cases, folder, "expected.tsv"));
        string[] actual = [.. compilation.Diagnostics.Select(fault => Row(fault, sources))];
        Assert.That(actual, Is.EqualTo(expected), () => string.Join('\n', expected.Except(actual).Select(row => $"missing: {row}").Concat(actual.Except(expected).Select(row => $"unexpected: {row}"))));
    }

    [Test]
    public void Every_fault_of_a_test_is_reported_at_its_place()
    {
        IReadOnlyList<SourceFile> sources = Repository.Sources(Path.Combine(Cases, BrokenTests));
        string[] expected = File.ReadAllLines(Path.Combine(Cases, BrokenTests, "expected.tsv"));
        string[] actual = [.. PolicyTester.Run(sources, sources, filter: null, progress: null).Diagnostics.Select(fault => Row(fault, sources))];
        Assert.That(actual, Is.EqualTo(expected), () => string.Join('\n', expected.Except(actual).Select(row => $"missing: {row}").Concat(actual.Except(expected).Select(row => $"unexpected: {row}"))));
    }

    [Test]
    public void Every_message_and_its_help_are_reviewed_text() => Snapshot.Match(string.Concat(
        PolicyCompiler.Compile(Repository.Sources(Path.Combine(Cases, "broken"))).Diagnostics
            .Concat(PolicyCompiler.Compile(Repository.Sources(Path.Combine(Cases, "broken-yaml"))).Diagnostics)
            .Concat(PolicyTester.Run(Repository.Sources(Path.Combine(Cases, BrokenTests)), Repository.Sources(Path.Combine(Cases, BrokenTests)), filter: null, progress: null).Diagnostics)
            .Select(fault => $"{fault.Position.File}:{fault.Position.Line}:{fault.Position.Column}: {fault.Code}: {fault.Message}\n{(fault.Help is null ? "" : $"    {fault.Help}\n")}")));

    [Test]
    public void The_cases_reach_every_code_of_the_catalogue()
    {
        IEnumerable<string> reached = Folders.Append(BrokenTests).SelectMany(folder => File.ReadAllLines(Path.Combine(Cases, folder, "expected.tsv"))).Select(row => row.Split('\t')[3]).Distinct();
        IEnumerable<string> catalogue = Directory.GetFiles(Path.Combine(Repository.Root, "engine", "PolicyM2M.Compiler", "Diagnostics"), "Faults*.cs")
            .SelectMany(file => System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(file), "M2M[0-9]{3}").Select(match => match.Value)).Distinct();
        string[] hostileOnly = ["M2M199", "M2M310", "M2M314", "M2M315", "M2M327", "M2M331", "M2M332", "M2M333", "M2M336", "M2M337"];
        Assert.That(reached.Concat(hostileOnly).Order(), Is.EqualTo(catalogue.Order()), "HostileSetTests reaches the two that need a huge set, ConditionWarningTests, OutcomeWarningTests, SilenceTests and UnreachedCaseTests those of a set without errors");
    }

    private static string Row(Diagnostic fault, IReadOnlyList<SourceFile> sources)
    {
        string text = sources.FirstOrDefault(source => source.Path == fault.Position.File)?.Text ?? "";
        string line = text.TrimStart('\uFEFF').Split('\n').ElementAtOrDefault(fault.Position.Line - 1)?.TrimEnd('\r') ?? "";
        int start = Math.Min(fault.Position.Column - 1, line.Length);
        return string.Join('\t', fault.Position.File, fault.Position.Line, fault.Position.Column, fault.Code, line.Substring(start, Math.Min(fault.Length, line.Length - start)));
    }
}
