using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Compiler.Tests;

/// <summary>What is no YAML is reported at its place in our words, and not in those of a library about its own insides.</summary>
internal sealed class MalformedYamlTests
{
    [TestCase("name: x\nname: y\n", 2, "a key is given twice in one mapping")]
    [TestCase("name: x\nb:\n\tc: y\n", 2, "a tab cannot indent: write spaces")]
    [TestCase("name: \"x\n", 1, "a text in quotes is not closed, or is continued with less indentation")]
    [TestCase("name: {a: b\n", 2, "expected `,` or `}`: a mapping in braces is not closed")]
    [TestCase("name: a: b\n", 1, "a key and its value cannot stand here; a text that holds `: ` stands in quotes")]
    [TestCase("name: \"\\q\"\n", 1, "a text in double quotes has an escape that is no character")]
    [TestCase("name: *foo\n", 2, "a name after `&` or `*` is missing, or means nothing")]
    [TestCase("name: @foo\n", 1, "a text that begins with this sign stands in quotes")]
    [TestCase("policies:\n  - a\n - b\n", 3, "expected a key, as far to the right as those before it")]
    [TestCase("name: - foo\n", 1, "an item of a list cannot stand here: begin a new line; a text that begins with `-` stands in quotes")]
    [TestCase("name: |foo\n", 1, "what follows `|` or `>` is not indented as a text is")]
    public void A_fault_of_yaml_is_told_in_our_words(string manifest, int line, string words)
    {
        Diagnostic fault = PolicyCompiler.Compile([new SourceFile("policyset.yaml", manifest)]).Diagnostics.First();
        Assert.That((fault.Code, fault.Position.Line, fault.Message), Is.EqualTo(("M2M402", line, $"this is not YAML: {words}")));
    }
}
