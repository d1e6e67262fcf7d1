using System.Diagnostics.CodeAnalysis;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Vocabulary;
using Superpower;
using Superpower.Model;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>Reads pieces of the language that stand by themselves, each alone on lines of a text: what a YAML policy writes into its scalars.</summary>
internal sealed class PieceParser(SourceText source, Faults faults)
{
    private readonly PolicyParser _parser = new(source, faults);

    public bool TryCondition(Span piece, [NotNullWhen(true)] out ConditionSyntax? condition) => TryParse(Grammar.Condition, piece, "a condition", out condition);

    public bool TryName(Span piece, out NameSyntax name) => TryParse(Grammar.Name, piece, "a name", out name);

    /// <summary>A name that the file gives.</summary>
    public bool TryGivenName(Span piece, out NameSyntax name) => TryParse(Grammar.Given, piece, "a name", out name);

    public bool TryKind(Span piece, out DecisionKind kind) => TryParse(Grammar.Kind, piece, "`cipher-suites`, `auth` or `rotation`", out kind);

    public bool TryInstant(Span piece, [NotNullWhen(true)] out AtomSyntax? value) => TryParse(Grammar.Instant, piece, "an instant", out value);

    public bool TryOffset(Span piece, [NotNullWhen(true)] out AtomSyntax? value) => TryParse(Grammar.Offset, piece, "an offset from UTC such as +02:00", out value);

    /// <summary>One item of a list.</summary>
    public bool TryValue(Span piece, [NotNullWhen(true)] out AtomSyntax? value) => TryParse(Grammar.Value, piece, "a value", out value);

    /// <summary>All that follows a field's name; nothing may.</summary>
    public bool TryField(NameSyntax name, Span piece, [NotNullWhen(true)] out FieldSyntax? field)
    {
        bool isRead = TryParse(Grammar.FieldValues, piece, expected: null, out Func<NameSyntax, FieldSyntax>? values);
        field = isRead ? values!(name) : null;
        return isRead;
    }

    /// <summary>
    /// The first field that <c>.m2m</c> would take for a value of the field before it: one whose name is no field's, behind one that has no value.
    /// </summary>
    public static FieldSyntax? FirstTakenForValue(IReadOnlyList<FieldSyntax> fields) =>
        fields.Skip(1).Where((field, i) => fields[i] is { Values.IsEmpty: true, Within: null, Where: null } && !Grammar.IsField(field.Name.Text)).FirstOrDefault();

    private bool TryParse<T>(TokenListParser<M2MToken, T> parser, Span piece, string? expected, [MaybeNullWhen(false)] out T value)
    {
        (IReadOnlyList<Token<M2MToken>> read, IReadOnlyList<Span> comments) = Lexer.Tokenize(source, piece, faults);
        if (comments.Count > 0)
        {
            faults.CommentInText(source, comments[0]);
            value = default;
            return false;
        }
        Token<M2MToken>[] tokens = [.. read];
        if (tokens.Length > 0 || expected is null)
            return _parser.TryParse(parser, tokens, out value);
        faults.Unexpected(source, piece, "end", expected);
        value = default;
        return false;
    }
}
