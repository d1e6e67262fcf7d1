using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Whatever stands in a file of tests, it is run or its faults are reported: nothing is thrown.</summary>
internal sealed class PolicyTestFuzzTests
{
    private static readonly string[] Signs = ["[", "]", "{", "}", ":", " ", "\n", "- ", "\"", "'", "&a ", "*a ", "!t ", "null", "~", "#", "\t", "|", ">", "0", "like", "\u00E9", "\0", "? "];

    private static readonly IReadOnlyList<SourceFile> Shipped = Repository.Sources(Path.Combine(Repository.Root, "policies"));

    [Test]
    public void Tests_that_were_changed_anywhere_are_run_or_refused() => SeededProperty.Holds(150, random =>
    {
        SourceFile[] files = [.. Shipped.Select(file => file.Path.EndsWith("plant-7.tests.yaml", StringComparison.Ordinal) || file.Path == "examples.tests.yaml" ? file with { Text = Changed(file.Text, random) } : file)
            .Where(file => file.Path != "baseline.tests.yaml")];
        PolicyTestRun run = PolicyTester.Run(Shipped, files, filter: null, progress: null);
        Assert.That(run.IsValid || !run.Diagnostics.IsEmpty, Is.True);
    });

    private static string Changed(string text, Random random)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(text.Length);
            text = random.Next(3) switch
            {
                0 => text.Remove(at, Math.Min(random.Next(1, 12), text.Length - at)),
                1 => text.Insert(at, Signs[random.Next(Signs.Length)]),
                _ => text.Insert(at, text.Substring(random.Next(text.Length / 2), random.Next(1, text.Length / 4))),
            };
        }
        return text;
    }
}
