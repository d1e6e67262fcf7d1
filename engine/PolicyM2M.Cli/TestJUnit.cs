using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>The report of a run of policy tests for continuous integration, in the JUnit XML that its servers read.</summary>
internal static class TestJUnit
{
    private const string SkippedElement = "skipped";

    public static string Of(PolicyTestRun run)
    {
        XElement[] cases =
        [
            .. run.Diagnostics.Select(diagnostic => Case(diagnostic.Position.File, diagnostic.Code, run.IsValid ? null : $"{diagnostic.Position}: {diagnostic.Message}")),
            .. run.Cases.Select(result => Case(result.Source.File, result.Name, result.HasPassed ? null : string.Join('\n', result.Failures.Select(Failure)))),
            .. run.Snapshots.Select(snapshot => Case(snapshot.Source.File, snapshot.File, snapshot.IsSame ? null : Difference(snapshot))),
            .. run.Invariants.Select(invariant => invariant.Broken.IsEmpty ? Skipped(invariant)
                : Case(invariant.Source.File, invariant.Text, string.Join('\n', invariant.Broken.Select(broken => $"{broken.Context}: too loose in {broken.Fields}")))),
            .. run.SelfTest.Faults.Select(fault => Case(fault.Source.File, "self-test of the bundle", fault.Message)),
        ];
        var suite = new XElement("testsuite", new XAttribute("name", run.Bundle?.Name ?? "policies"),
            new XAttribute("tests", cases.Length.ToString(CultureInfo.InvariantCulture)),
            new XAttribute("failures", Count("failure")), new XAttribute("skipped", Count(SkippedElement)), cases);
        return new XDeclaration("1.0", "utf-8", null) + "\n" + new XElement("testsuites", suite) + "\n";

        string Count(string element) => cases.Count(item => item.Element(element) is not null).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>An invariant that no context broke is not proven by that, so it has not passed.</summary>
    private static XElement Skipped(InvariantResult invariant)
    {
        XElement item = Case(invariant.Source.File, invariant.Text, failure: null);
        item.Add(new XElement(SkippedElement, new XAttribute("message", invariant.Checked == 0 ? "not checked: no context of the tests that were run is under its condition"
            : $"not yet proven: it held for {DiagnosticReport.Count(invariant.Checked, "context")}")));
        return item;
    }

    private static string Failure(CaseFailure failure) =>
        $"{failure.Decided.Kind.Name()}: {failure.Expected}\ngot {failure.Decided.Outcome}\n{string.Join('\n', failure.Decided.Rules.Select(rule => $"by {rule}"))}";

    private static string Difference(SnapshotResult snapshot) =>
        $"{(snapshot.Accepted is null ? "new snapshot, not yet accepted: run with --accept\n" : "")}{string.Join('\n', LineDifference.Of(snapshot.Accepted ?? "", snapshot.Actual))}";

    private static XElement Case(string file, string name, string? failure)
    {
        var item = new XElement("testcase", new XAttribute("classname", Clean(file)), new XAttribute("name", Clean(name)));
        if (failure is not null)
            item.Add(new XElement("failure", new XAttribute("message", Clean(failure.Split('\n')[0])), Clean(failure)));
        return item;
    }

    /// <summary>XML has no way to write a control character; a report that shows one, or half of a surrogate pair, is none. Line ends are those between the parts of a failure.</summary>
    private static string Clean(string text) => string.Join('\n', text.Split('\n').Select(line => string.Concat(Printable.Of(line)
        .Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD'))));
}
