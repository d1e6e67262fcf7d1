using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;

namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class DiagnosticTextTests
{
    [TestCase("abc def", 5, 3, "    ^^^")]
    [TestCase("\tabc def", 6, 3, "\t    ^^^")]
    [TestCase("a\tb\tdef", 5, 3, " \t \t^^^")]
    [TestCase("機械 def", 4, 3, "     ^^^")]
    [TestCase("a 機械", 3, 2, "  ^^^^")]
    [TestCase("e\u0301 def", 4, 3, "  ^^^")]
    [TestCase("🔌 def", 4, 3, "   ^^^")]
    [TestCase("abc", 4, 1, "   ^")]
    [TestCase("abc", 2, 99, " ^^")]
    [TestCase("", 1, 1, "^")]
    public void The_carets_stand_under_what_they_mean(string line, int column, int length, string carets) =>
        Assert.That(Of(line, column, length).Carets, Is.EqualTo(carets));

    [Test]
    public void The_line_is_found_whatever_ends_the_lines_and_after_a_byte_order_mark()
    {
        Assert.That(Of("\uFEFFone\r\ntwo\r\n", 1, 3, line: 1).SourceLine, Is.EqualTo("one"));
        Assert.That(Of("one\r\ntwo\r\n", 1, 3, line: 2).SourceLine, Is.EqualTo("two"));
        Assert.That(Of("one\r\ntwo\r\n", 1, 1, line: 3).SourceLine, Is.Empty);
    }

    [Test]
    public void Without_the_file_or_its_line_the_rest_is_shown()
    {
        Assert.That(Of("one", 1, 1, line: 2).ToString(), Is.EqualTo("a.m2m:2:1: error M2M999: wrong\nhelp: mend it"));
        Assert.That(DiagnosticText.Of(Fault(1, 1, 1), null).SourceLine, Is.Null);
    }

    [Test]
    public void A_very_long_line_is_shown_around_the_place()
    {
        string line = new string('a', 1000) + "HERE" + new string('b', 1000);
        var text = DiagnosticText.Of(Fault(1, 1001, 4), line);
        Assert.That(text.SourceLine, Has.Length.LessThan(170).And.StartsWith("…aa").And.EndsWith("bb…"));
        Assert.That(text.SourceLine!.IndexOf("HERE", StringComparison.Ordinal), Is.EqualTo(text.Carets!.IndexOf('^')));
    }

    [TestCase("a\e[31mb")]
    [TestCase("a\u202Eb")]
    [TestCase("a\u2066b")]
    [TestCase("a\u0007b")]
    public void What_a_terminal_would_obey_is_made_harmless(string text)
    {
        var shown = DiagnosticText.Of(new Diagnostic("M2M999", Severity.Error, new SourcePosition(text, 1, 1), 1, text, text), text);
        Assert.That(shown.ToString(), Does.Not.Contain(text[1]).And.Contain('\uFFFD'));
    }

    [TestCase("a\u00A0b", "a\\u{A0}b")]
    [TestCase("a\u200Bb", "a\\u{200B}b")]
    [TestCase("a\uE000b", "a\\u{E000}b")]
    [TestCase("a 工 e\u0301", "a 工 e\u0301")]
    public void What_a_reader_does_not_see_is_shown_in_a_message_as_a_policy_would_write_it(string text, string shown)
    {
        var of = DiagnosticText.Of(new Diagnostic("M2M999", Severity.Error, new SourcePosition("a.m2m", 1, 1), 1, $"`{text}`", text), text);
        Assert.That((of.Message, of.Help), Is.EqualTo(($"`{shown}`", shown)));
    }

    private static DiagnosticText Of(string source, int column, int length, int line = 1) => DiagnosticText.Of(Fault(line, column, length), source);

    private static Diagnostic Fault(int line, int column, int length) =>
        new("M2M999", Severity.Error, new SourcePosition("a.m2m", line, column), length, "wrong", "mend it");
}
