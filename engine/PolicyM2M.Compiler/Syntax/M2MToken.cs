using Superpower.Display;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>The kinds of token. Key words are names: which name may stand where is the parser's business.</summary>
internal enum M2MToken
{
    [Token(Category = "name")]
    Name,

    [Token(Category = "string")]
    String,

    /// <summary>Whatever begins with a digit: integers, versions, durations, fractions, instants, times of day; and every address.</summary>
    [Token(Category = "value")]
    Number,

    [Token(Example = "{")]
    OpenBrace,

    [Token(Example = "}")]
    CloseBrace,

    [Token(Example = "(")]
    OpenParenthesis,

    [Token(Example = ")")]
    CloseParenthesis,

    [Token(Example = "[")]
    OpenBracket,

    [Token(Example = "]")]
    CloseBracket,

    [Token(Example = ",")]
    Comma,

    [Token(Example = ":")]
    Colon,

    [Token(Example = "=")]
    Is,

    [Token(Example = "+")]
    Plus,

    [Token(Example = "-")]
    Minus,

    [Token(Example = "..")]
    Range,

    [Token(Example = "==")]
    Equal,

    [Token(Example = "!=")]
    NotEqual,

    [Token(Example = "<")]
    Less,

    [Token(Example = "<=")]
    LessOrEqual,

    [Token(Example = ">")]
    Greater,

    [Token(Example = ">=")]
    GreaterOrEqual,

    /// <summary>Text that no token begins with. The lexer has reported it; no parser accepts it.</summary>
    Invalid,
}
