using System.Buffers;
using System.Text;
using PolicyM2M.Compiler.Diagnostics;
using Superpower.Model;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>
/// Text to tokens. Permissive: what it cannot read it reports and leaves out or marks invalid, so that the parser can go on.
/// </summary>
internal sealed class Lexer
{
    private static readonly (string Text, M2MToken Kind)[] Signs =
    [
        ("==", M2MToken.Equal), ("!=", M2MToken.NotEqual), ("<=", M2MToken.LessOrEqual), (">=", M2MToken.GreaterOrEqual), ("..", M2MToken.Range),
        ("<", M2MToken.Less), (">", M2MToken.Greater), ("=", M2MToken.Is), ("{", M2MToken.OpenBrace), ("}", M2MToken.CloseBrace),
        ("(", M2MToken.OpenParenthesis), (")", M2MToken.CloseParenthesis), ("[", M2MToken.OpenBracket), ("]", M2MToken.CloseBracket),
        (",", M2MToken.Comma), (":", M2MToken.Colon), ("+", M2MToken.Plus), ("-", M2MToken.Minus),
    ];

    /// <summary>
    /// What ends a line, or turns text around, for some who read a file and not for others: a rule could stand in what looks like a comment, or the other way round
    /// (the `Trojan Source` attack, CVE-2021-42574). A CR is one of them unless an LF follows.
    /// </summary>
    private static readonly SearchValues<char> Hidden = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(code => code is not ('\t' or '\n')).Select(code => (char)code), '\u007F', '\u0085', '\u2028', '\u2029',
            '\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069']);

    private readonly SourceText _source;
    private readonly string _text;
    private readonly Faults _faults;
    private readonly List<Token<M2MToken>> _tokens = [];
    private readonly List<Span> _comments = [];
    private readonly int _end;
    private int _at;

    private Lexer(SourceText source, Span piece, Faults faults)
    {
        _source = source;
        _text = source.Text;
        _faults = faults;
        (_at, _end) = (piece.Start, piece.End);
    }

    public static (IReadOnlyList<Token<M2MToken>> Tokens, IReadOnlyList<Span> Comments) Tokenize(SourceText source, Faults faults) =>
        Tokenize(source, new Span(0, source.Text.Length), faults);

    /// <summary>The tokens and comments of a piece of the text, which must end where the text or one of its lines does.</summary>
    public static (IReadOnlyList<Token<M2MToken>> Tokens, IReadOnlyList<Span> Comments) Tokenize(SourceText source, Span piece, Faults faults)
    {
        var lexer = new Lexer(source, piece, faults);
        RefuseHidden(source, piece, faults);
        while (lexer.SkipBlank())
            lexer.Next();
        return (lexer._tokens, lexer._comments);
    }

    /// <summary>Reports the characters that some readers do not see, wherever in the piece they stand: in comments and texts too.</summary>
    public static void RefuseHidden(SourceText source, Span piece, Faults faults)
    {
        string text = source.Text;
        for (int at = piece.Start; at < piece.End && text.AsSpan(at, piece.End - at).IndexOfAny(Hidden) is >= 0 and int ahead; at += ahead + 1)
        {
            int found = at + ahead;
            if (text[found] != '\r' || found + 1 == text.Length || text[found + 1] != '\n')
                faults.HiddenCharacter(source, new Span(found, 1), $"U+{(int)text[found]:X4}");
        }
    }

    /// <summary>Moves past white space and comments; false at the end.</summary>
    private bool SkipBlank()
    {
        while (_at < _end)
        {
            if (_text[_at] is ' ' or '\t' or '\r' or '\n')
                _at++;
            else if (_text.AsSpan(_at).StartsWith("//"))
                SkipComment();
            else
                return true;
        }
        return false;
    }

    private void SkipComment()
    {
        int end = _text.IndexOf('\n', _at) is >= 0 and int found ? found : _text.Length;
        _comments.Add(new Span(_at, end - _at));
        _at = end;
    }

    private void Next()
    {
        char first = _text[_at];
        if (EndOfAddress() is > 0 and int address)
            Emit(M2MToken.Number, address);
        else if (char.IsAsciiLetter(first) && EndOfName() is var name && !IsForeign(name))
            Emit(M2MToken.Name, name);
        else if (char.IsAsciiLetter(first) || IsForeignLetter(_at))
            ForeignName();
        else if (char.IsAsciiDigit(first) || (first == '-' && char.IsAsciiDigit(Peek(1))))
            Emit(M2MToken.Number, EndOfNumber());
        else if (first == '"')
            String();
        else if (Sign() is { Text: not null } found)
            Emit(found.Kind, _at + found.Text.Length);
        else
            Unreadable();
    }

    private (string? Text, M2MToken Kind) Sign()
    {
        foreach ((string Text, M2MToken Kind) sign in Signs)
        {
            if (_text[_at] == sign.Text[0] && _text.AsSpan(_at).StartsWith(sign.Text))
                return sign;
        }
        return default;
    }

    /// <summary>An IPv6 address or block, which is told from all else by its two colons next to each other, or its seven; 0 where there is none.</summary>
    private int EndOfAddress()
    {
        int end = _at, colons = 0;
        bool isShortened = false;
        for (; end < _text.Length && (char.IsAsciiHexDigit(_text[end]) || _text[end] == ':' || (_text[end] == '.' && IsDigit(end + 1))); end++)
        {
            isShortened |= _text[end] == ':' && end > _at && _text[end - 1] == ':';
            colons += _text[end] == ':' ? 1 : 0;
        }
        if ((!isShortened && colons != 7) || IsWord(end))
            return 0;
        if (end < _text.Length && _text[end] == '/' && IsDigit(end + 1))
        {
            end++;
            while (IsDigit(end))
                end++;
        }
        return end;
    }

    /// <summary>A name: letters, digits, <c>_</c>, and single <c>-</c> or <c>.</c> between them.</summary>
    private int EndOfName()
    {
        int end = _at + 1;
        while (end < _text.Length && (IsWord(end) || (_text[end] is '-' or '.' && IsWord(end + 1))))
            end++;
        return end;
    }

    /// <summary>A name with letters of other alphabets, which may look like those of ASCII: told as a whole, and once.</summary>
    private void ForeignName()
    {
        int end = _at;
        while (end < _end && (IsWord(end) || IsForeignLetter(end) || (_text[end] is '-' or '.' && (IsWord(end + 1) || IsForeignLetter(end + 1)))))
            end++;
        int letter = _at;
        while (!IsForeignLetter(letter))
            letter++;
        _faults.ForeignName(_source, new Span(_at, end - _at), _text[letter]);
        Emit(M2MToken.Invalid, end);
    }

    /// <summary>Whether a name goes on at a place with a letter that no name has.</summary>
    private bool IsForeign(int at) => IsForeignLetter(at) || (at < _end && _text[at] is '-' or '.' && IsForeignLetter(at + 1));

    private bool IsForeignLetter(int at) => at < _end && _text[at] > '\u007F' && char.IsLetter(_text[at]);

    /// <summary>A run that begins with a digit, with whatever versions, durations, fractions and instants join their parts by.</summary>
    private int EndOfNumber()
    {
        int end = _at + 1;
        while (end < _text.Length && (IsWord(end) || (_text[end] is '.' or '-' or '+' && IsWord(end + 1)) || (_text[end] is '/' or ':' && IsDigit(end + 1))))
            end++;
        return end < _text.Length && _text[end] == '%' ? end + 1 : end;
    }

    private void String()
    {
        int end = _at + 1;
        while (end < _text.Length && _text[end] is not ('"' or '\n' or '\r'))
            end += _text[end] == '\\' && end + 1 < _text.Length && _text[end + 1] is not ('\n' or '\r') ? 2 : 1;
        if (end < _text.Length && _text[end] == '"')
        {
            if (StringLiteral.FirstFault(_text, _at + 1, end) is { } fault)
                _faults.BadEscape(_source, fault);
            Emit(M2MToken.String, end + 1);
            return;
        }
        _faults.UnclosedString(_source, new Span(_at, end - _at));
        Emit(M2MToken.Invalid, end);
    }

    private void Unreadable()
    {
        if (Hidden.Contains(_text[_at]))
        {
            // Said already.
            _at++;
            return;
        }
        if (Foreign() is > 0 and int foreign)
        {
            _faults.InvalidCharacter(_source, new Span(_at, foreign), _text.Substring(_at, foreign));
            Emit(M2MToken.Invalid, _at + foreign);
            return;
        }
        bool isPair = _at + 1 < _text.Length && char.IsSurrogatePair(_text[_at], _text[_at + 1]);
        int length = isPair ? 2 : 1;
        bool isSeen = Rune.TryGetRuneAt(_text, _at, out Rune rune) && VisibleText.IsVisible(rune);
        if (isSeen)
            _faults.InvalidCharacter(_source, new Span(_at, length), rune.ToString());
        else
            _faults.InvisibleCharacter(_source, new Span(_at, length), $"U+{(isPair ? char.ConvertToUtf32(_text, _at) : _text[_at]):X4}");
        // What other languages have comments for says nothing here either.
        _at = _text[_at] != '#' ? _at + length : _text.IndexOf('\n', _at, _end - _at) is >= 0 and int end ? end : _end;
    }

    /// <summary>
    /// The length of a sign of other languages (<c>&amp;&amp;</c>, <c>||</c>, <c>'text'</c>) without which the condition around it cannot be read; 0 where
    /// there is none.
    /// </summary>
    private int Foreign()
    {
        if (_text[_at] is '&' or '|')
            return Peek(1) == _text[_at] ? 2 : 1;
        if (_text[_at] != '\'')
            return 0;
        int end = _at + 1;
        while (end < _end && (IsWord(end) || _text[end] is ' ' or '-' or '.' or '/' or ':'))
            end++;
        return end < _end && _text[end] == '\'' && end > _at + 1 ? end + 1 - _at : 0;
    }

    private void Emit(M2MToken kind, int end)
    {
        // Superpower wants positions; the parser works with offsets, so line and column stay unset here.
        _tokens.Add(new Token<M2MToken>(kind, new TextSpan(_text, new Position(_at, 1, _at + 1), end - _at)));
        _at = end;
    }

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private bool IsWord(int at) => at < _text.Length && (char.IsAsciiLetterOrDigit(_text[at]) || _text[at] == '_');

    private bool IsDigit(int at) => at < _text.Length && char.IsAsciiDigit(_text[at]);
}
