using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Vocabulary;
using Superpower;
using Superpower.Model;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>
/// Tokens to syntax. Each declaration, and each case of a block, is parsed from a slice of its own, so that a fault in one
/// hides none in another.
/// </summary>
internal sealed class PolicyParser
{
    /// <summary>Enough for any condition a person can read, and far from the end of the stack.</summary>
    private const int MaximumNesting = 64;

    private readonly SourceText _source;
    private readonly Faults _faults;

    internal PolicyParser(SourceText source, Faults faults)
    {
        _source = source;
        _faults = faults;
    }

    /// <summary>The policy of a file, as far as it can be read; without a name where the file does not begin with one.</summary>
    public static PolicySyntax Parse(SourceText source, Faults faults) => new PolicyParser(source, faults).File();

    private PolicySyntax File()
    {
        (IReadOnlyList<Token<M2MToken>> tokens, IReadOnlyList<Span> comments) = Lexer.Tokenize(_source, _faults);
        IReadOnlyList<ArraySegment<Token<M2MToken>>> slices = Slices.OfFile(_source, tokens);
        if (slices.Count == 0 || !Slices.Is(slices[0][0], "policy"))
        {
            _faults.NoPolicy(_source, slices.Count == 0 ? new Span(0, 0) : Grammar.SpanOf(slices[0][0]));
            // What stands before the first key word was reported as a whole; what follows is read all the same.
            slices = [.. slices.SkipWhile(slice => !Slices.IsOpener(slice[0]))];
        }

        bool hasPolicyLine = slices.Count > 0 && Slices.Is(slices[0][0], "policy");
        PolicyHead? head = null;
        if (hasPolicyLine)
            TryParse(Grammar.Policy, slices[0], out head);
        ImmutableArray<DeclarationSyntax>.Builder declarations = ImmutableArray.CreateBuilder<DeclarationSyntax>();
        foreach (ArraySegment<Token<M2MToken>> slice in slices.Skip(hasPolicyLine ? 1 : 0))
        {
            if (Declaration(slice) is { } declaration)
                declarations.Add(declaration with { Span = SpanOf(slice) });
        }

        // Names and types are checked even where the head is broken, so that one run reports everything.
        head ??= new PolicyHead(default, new NameSyntax("", new Span(0, 0)), null, null, null);
        return new PolicySyntax(_source, head.Name, head.Description, head.Target, declarations.ToImmutable())
        {
            Keyword = head.Keyword,
            Zone = head.Zone,
            Comments = [.. comments],
        };
    }

    private DeclarationSyntax? Declaration(ArraySegment<Token<M2MToken>> slice)
    {
        if (Slices.Is(slice[0], "policy"))
        {
            _faults.SecondPolicy(_source, Grammar.SpanOf(slice[0]));
            return null;
        }
        if (slice[0].Kind == M2MToken.Name && DecisionKinds.TryParse(slice[0].ToStringValue(), out DecisionKind kind))
            return Block(kind, slice);
        if (TryParse(Grammar.Declaration, slice, out DeclarationSyntax? declaration))
            return declaration;
        bool isNamed = (Slices.Is(slice[0], "define") || Slices.Is(slice[0], "profile")) && slice.Count > 1 && slice[1].Kind == M2MToken.Name;
        return isNamed ? new DeclarationSyntax.Unreadable(new NameSyntax(slice[1].ToStringValue(), Grammar.SpanOf(slice[1]))) : null;
    }

    private DeclarationSyntax.Block? Block(DecisionKind kind, ArraySegment<Token<M2MToken>> slice)
    {
        if (slice.Count == 1 || slice[1].Kind != M2MToken.OpenBrace)
        {
            Unexpected(slice, 1, "`{`");
            return null;
        }
        (int close, IReadOnlyList<ArraySegment<Token<M2MToken>>> parts) = Slices.OfBlock(slice);
        ImmutableArray<CaseSyntax>.Builder cases = ImmutableArray.CreateBuilder<CaseSyntax>();
        foreach (ArraySegment<Token<M2MToken>> part in parts)
        {
            if (cases.Count > 0 && cases[^1].When is null)
                _faults.UnreachableCase(_source, Grammar.SpanOf(part[0]));
            if (TryParse(Grammar.Case, part, out CaseSyntax? parsed))
                cases.Add(parsed with { Span = SpanOf(part) });
        }
        if (close < 0)
            Unexpected(slice, slice.Count, "`}`");
        else if (close + 1 < slice.Count)
            Unexpected(slice, close + 1, "a declaration");
        return new DeclarationSyntax.Block(kind, Grammar.SpanOf(slice[0]), cases.ToImmutable()) { HasUnreadable = cases.Count < parts.Count || close < 0 };
    }

    internal bool TryParse<T>(TokenListParser<M2MToken, T> parser, ArraySegment<Token<M2MToken>> slice, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
    {
        value = default;
        int tooDeep = Slices.FirstDeeperThan(MaximumNesting, slice);
        if (tooDeep >= 0)
        {
            _faults.TooDeep(_source, Grammar.SpanOf(slice[tooDeep]), MaximumNesting, "give the inner conditions names with `define`");
            return false;
        }
        TokenListParserResult<M2MToken, T> result = parser(new TokenList<M2MToken>([.. slice]));
        if (!result.HasValue)
        {
            Unexpected(slice, result.Remainder.Position, result.Expectations is { Length: > 0 } expected ? expected : ["something else"]);
            return false;
        }
        if (!result.Remainder.IsAtEnd)
        {
            Unexpected(slice, result.Remainder.Position, "the end of the declaration");
            return false;
        }
        value = result.Value;
        return true;
    }

    /// <summary>Reports the token at a place of the slice; past its end, the slice's last token.</summary>
    private void Unexpected(ArraySegment<Token<M2MToken>> slice, int at, params string[] expected)
    {
        if (at >= slice.Count)
        {
            Token<M2MToken> last = slice[^1];
            if (last.Kind != M2MToken.Invalid)
                _faults.Unexpected(_source, Grammar.SpanOf(last), $"end after `{Shown(last)}`", OneOf(expected), Slips.ForEnd(slice));
        }
        else if (slice[at].Kind != M2MToken.Invalid)
        {
            _faults.Unexpected(_source, Grammar.SpanOf(slice[at]), $"`{Shown(slice[at])}`", OneOf(expected), Slips.ForToken(slice, at, expected));
        }
    }

    private static Span SpanOf(ArraySegment<Token<M2MToken>> slice) => Grammar.SpanOf(slice[0]).To(Grammar.SpanOf(slice[^1]));

    private static string Shown(Token<M2MToken> token) => token.ToStringValue() is { Length: > 60 } text ? text[..57] + "…" : token.ToStringValue();

    private static string OneOf(string[] expected) =>
        expected.Distinct().ToArray() is [.. var most, var last] && most.Length > 0 ? $"{string.Join(", ", most)} or {last}" : expected[0];
}
