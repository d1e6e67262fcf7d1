using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>M2M1xx: the text cannot be read.</summary>
internal sealed partial class Faults
{
    public void Unexpected(SourceText source, Span at, string found, string expected, string? help = null) =>
        Error(source, at, "M2M101", $"unexpected {found}; expected {expected}", help);

    public void InvalidCharacter(SourceText source, Span at, string character) =>
        Error(source, at, "M2M102", $"`{character}` means nothing here", Slips.ForSign(character));

    public void ForeignName(SourceText source, Span name, char letter) =>
        Error(source, name, "M2M102", $"`{source.Text.Substring(name.Start, name.Length)}` is no name: `{letter}` (U+{(int)letter:X4}) is no letter of ASCII",
            "names have the letters a to z and A to Z, digits, `_`, and single `-` and `.`; a text stands in double quotes");

    public void InvisibleCharacter(SourceText source, Span at, string character) =>
        Error(source, at, "M2M102", $"`{character}` means nothing here", "it cannot be seen, or looks like a space: write a space, or take it out");

    public void HiddenCharacter(SourceText source, Span at, string character) =>
        Error(source, at, "M2M102", $"`{character}` may not stand in a policy",
            "it ends a line, or hides or turns text around, for some who read the file and not for others: take it out; lines end with LF or CR LF");

    public void UnclosedString(SourceText source, Span at) =>
        Error(source, at, "M2M103", "this string is not closed on its line", "end it with `\"`; a quote inside is written `\\\"`");

    public void BadEscape(SourceText source, Span at) =>
        Error(source, at, "M2M103", $"`{source.Text.Substring(at.Start, at.Length)}` is no escape", "the escapes are \\\" \\\\ \\n \\t and \\u{1F50C}");

    public void MalformedLiteral(SourceText source, AtomSyntax literal) =>
        Error(source, literal.Span, "M2M104", $"`{literal.Text}` is {MalformedText.Form(literal.Text)}", MalformedText.Range(literal.Text));

    public void LeadingZeros(SourceText source, AtomSyntax version, string without) =>
        Error(source, version.Span, "M2M104", $"`{version.Text}` is no version: its numbers have no leading zeros", $"write {without}");

    public void CommentInText(SourceText source, Span at) =>
        Error(source, at, "M2M101", "unexpected `//`; in YAML no comment stands within a text", "begin it with `#`, behind the text or above its key");

    public void NoPolicy(SourceText source, Span at) =>
        Error(source, at, "M2M105", "a file begins with `policy`", "such as: policy baseline \"What every device must meet.\"");

    public void NoYamlPolicy(SourceText source, Span at) =>
        Error(source, at, "M2M105", "a policy has the key `policy`, with its name", "such as: policy: baseline");

    public void SecondPolicy(SourceText source, Span at) =>
        Error(source, at, "M2M105", "one file is one policy", "move this policy to a file of its own and list it in policyset.yaml");

    public void TooDeep(SourceText source, Span at, int limit, string? help) =>
        Error(source, at, "M2M106", $"this is nested more than {limit} deep", help);

    public void UnreachableCase(SourceText source, Span at) =>
        Error(source, at, "M2M101", "nothing can follow `otherwise` in a block", "`otherwise` matches always: put it last");
}
