using System.Collections.Frozen;
using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using Superpower;
using Superpower.Model;
using Superpower.Parsers;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>
/// The grammar of declarations and conditions, over the tokens of one declaration or case at a time. What a later <c>from</c> names is evaluated
/// each time that it is reached: so parsers that are put together have fields of their own, and only their names stand there.
/// </summary>
internal static class Grammar
{
    /// <summary>The words of the language, by which nothing can be named.</summary>
    public static readonly FrozenSet<string> Reserved = FrozenSet.Create(StringComparer.Ordinal,
        "and", "or", "not", "in", "when", "otherwise", "use", "deny", "with", "within", "for",
        "policy", "define", "profile", "require", "forbid", "waive", "invariant", "true", "false", "has", "contains", "starts-with", "where");

    /// <summary>What policies ask the clock.</summary>
    public static readonly string[] ClockNames = ["time.now", "time.of-day", "time.weekday"];

    /// <summary>Whether a word means something by itself, so that no attribute can be called by it.</summary>
    public static bool IsReserved(string word) => Reserved.Contains(word) || ClockNames.Contains(word);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> ReservedWords = Reserved.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenSet<string> FieldNames =
        DecisionKinds.All.SelectMany(kind => Field.Of(kind)).Select(field => field.Name).ToFrozenSet(StringComparer.Ordinal);

    public static readonly TokenListParser<M2MToken, NameSyntax> Name =
        Token.EqualTo(M2MToken.Name).Where(token => !IsReservedWord(token)).Select(Named).Named("a name");

    /// <summary>A name that a file gives: that of a policy, a condition, a profile or a rule. A kind of decision begins a block, and is none.</summary>
    public static readonly TokenListParser<M2MToken, NameSyntax> Given =
        Name.Where(name => !DecisionKinds.TryParse(name.Text, out _)).Named("a name");

    private static readonly TokenListParser<M2MToken, string> Text =
        Token.EqualTo(M2MToken.String).Select(token => StringLiteral.Unescape(token.ToStringValue())).Named("a string");

    public static readonly TokenListParser<M2MToken, DecisionKind> Kind =
        Token.EqualTo(M2MToken.Name).Where(token => DecisionKinds.TryParse(token.ToStringValue(), out _))
            .Select(token => DecisionKinds.TryParse(token.ToStringValue(), out DecisionKind kind) ? kind : default)
            .Named("`cipher-suites`, `auth` or `rotation`");

    public static readonly TokenListParser<M2MToken, AtomSyntax> Instant =
        Token.EqualTo(M2MToken.Number).Select(Atom).Named("an instant such as 2027-01-31");

    private static readonly TokenListParser<M2MToken, AtomSyntax> Truth =
        Token.EqualTo(M2MToken.Name).Where(token => TextOf(token) is "true" or "false").Select(Atom);

    private static readonly TokenListParser<M2MToken, AtomSyntax> Literal =
        Token.EqualTo(M2MToken.String).Select(Atom).Or(Token.EqualTo(M2MToken.Number).Select(Atom)).Or(Truth).Named("a literal");

    /// <summary>A name among literals: the days of the week are written so.</summary>
    private static readonly TokenListParser<M2MToken, AtomSyntax> Bare =
        Token.EqualTo(M2MToken.Name).Where(token => !IsReservedWord(token)).Select(Atom);

    /// <summary>What a name is compared with.</summary>
    private static readonly TokenListParser<M2MToken, AtomSyntax> Operand = Literal.Or(Bare);

    private static readonly TokenListParser<M2MToken, Token<M2MToken>> Comparator =
        Token.EqualTo(M2MToken.Equal).Or(Token.EqualTo(M2MToken.NotEqual)).Or(Token.EqualTo(M2MToken.Less))
            .Or(Token.EqualTo(M2MToken.LessOrEqual)).Or(Token.EqualTo(M2MToken.Greater)).Or(Token.EqualTo(M2MToken.GreaterOrEqual))
            .Named("a comparison");

    private static readonly TokenListParser<M2MToken, Token<M2MToken>> Colon = Token.EqualTo(M2MToken.Colon), Range = Token.EqualTo(M2MToken.Range),
        CloseBracket = Token.EqualTo(M2MToken.CloseBracket), CloseParenthesis = Token.EqualTo(M2MToken.CloseParenthesis), CloseBrace = Token.EqualTo(M2MToken.CloseBrace);

    private static readonly TokenListParser<M2MToken, AtomSyntax[]> Operands = Operand.AtLeastOnceDelimitedBy(Token.EqualTo(M2MToken.Comma));

    private static readonly TokenListParser<M2MToken, (ImmutableArray<AtomSyntax> Items, Span End)> List =
        from open in Token.EqualTo(M2MToken.OpenBracket)
        from items in Operands
        from close in CloseBracket
        select (items.ToImmutableArray(), SpanOf(close));

    private static readonly TokenListParser<M2MToken, Func<NameSyntax, Span, ConditionSyntax>> Membership =
        List.Select(list => (Func<NameSyntax, Span, ConditionSyntax>)((name, sign) =>
                new ConditionSyntax.OneOf(name, sign, list.Items, name.Span.To(list.End))))
            .Or(from low in Operand
                from sign in Range
                from high in Operand
                select (Func<NameSyntax, Span, ConditionSyntax>)((name, @in) =>
                    new ConditionSyntax.Between(name, @in, low, high, name.Span.To(high.Span))))
            .Named("`[` or a range");

    private static readonly TokenListParser<M2MToken, (ImmutableArray<AtomSyntax> Items, Span End)> Blocks =
        List.Or(Literal.Select(block => (Items: ImmutableArray.Create(block), End: block.Span)));

    private static readonly TokenListParser<M2MToken, Func<NameSyntax, ConditionSyntax>> Rest =
        (from sign in Comparator
         from literal in Operand
         select (Func<NameSyntax, ConditionSyntax>)(name => literal.Kind == M2MToken.Name && literal.Text is not ("true" or "false")
             ? new ConditionSyntax.SameAs(name, sign.Kind, SpanOf(sign), new NameSyntax(literal.Text, literal.Span), name.Span.To(literal.Span))
             : new ConditionSyntax.Comparison(name, sign.Kind, SpanOf(sign), literal, name.Span.To(literal.Span))))
        .Or(from sign in Keyword("within")
            from blocks in Blocks
            select (Func<NameSyntax, ConditionSyntax>)(name => new ConditionSyntax.Within(name, SpanOf(sign), blocks.Items, name.Span.To(blocks.End))))
        .Or(from sign in Keyword("contains").Or(Keyword("starts-with"))
            from literal in Literal
            select (Func<NameSyntax, ConditionSyntax>)(name =>
                new ConditionSyntax.Relation(name, sign.ToStringValue(), SpanOf(sign), literal, name.Span.To(literal.Span))))
        .Or(from sign in Keyword("in")
            from membership in Membership
            select (Func<NameSyntax, ConditionSyntax>)(name => membership(name, SpanOf(sign))));

    private static readonly TokenListParser<M2MToken, Func<NameSyntax, ConditionSyntax>?> OptionalRest =
        Rest.Select(rest => (Func<NameSyntax, ConditionSyntax>?)rest).OptionalOrDefault();

    private static readonly TokenListParser<M2MToken, ConditionSyntax> Test =
        from name in Name
        from rest in OptionalRest
        select rest is null ? new ConditionSyntax.Named(name) : rest(name);

    private static readonly TokenListParser<M2MToken, ConditionSyntax> Part = Superpower.Parse.Ref(() => Unary!), Inner = Superpower.Parse.Ref(() => Condition!);

    private static readonly TokenListParser<M2MToken, ConditionSyntax> Unary =
        (from not in Keyword("not")
         from part in Part
         select (ConditionSyntax)new ConditionSyntax.Not(part, SpanOf(not).To(part.Span)))
        .Or(from open in Token.EqualTo(M2MToken.OpenParenthesis)
            from inner in Inner
            from close in CloseParenthesis
            select inner with { Span = SpanOf(open).To(SpanOf(close)) })
        .Or(from has in Keyword("has")
            from name in Name
            select (ConditionSyntax)new ConditionSyntax.Has(name, SpanOf(has).To(name.Span)))
        .Or(Test)
        .Named("a condition");

    private static readonly TokenListParser<M2MToken, ConditionSyntax> Conjunction =
        Unary.AtLeastOnceDelimitedBy(Keyword("and")).Select(parts => parts.Length == 1 ? parts[0]
            : new ConditionSyntax.All([.. parts], parts[0].Span.To(parts[^1].Span)));

    public static readonly TokenListParser<M2MToken, ConditionSyntax> Condition =
        Conjunction.AtLeastOnceDelimitedBy(Keyword("or")).Select(parts => parts.Length == 1 ? parts[0]
            : new ConditionSyntax.Any([.. parts], parts[0].Span.To(parts[^1].Span)));

    public static readonly TokenListParser<M2MToken, AtomSyntax> Value =
        Token.EqualTo(M2MToken.Number).Select(Atom).Or(Token.EqualTo(M2MToken.String).Select(Atom))
            .Or(Truth).Or(Token.EqualTo(M2MToken.Name).Where(token => !IsFieldOrReserved(token)).Select(Atom))
            .Named("a value");

    private static readonly TokenListParser<M2MToken, AtomSyntax?> OptionalWithin =
        (from within in Keyword("within")
         from limit in Value
         select limit).AsNullable().OptionalOrDefault();

    private static readonly TokenListParser<M2MToken, AtomSyntax[]> Values = Value.AtLeastOnceDelimitedBy(Token.EqualTo(M2MToken.Comma));

    /// <summary>What a field says, as a function of its name.</summary>
    public static readonly TokenListParser<M2MToken, Func<NameSyntax, FieldSyntax>> FieldValues =
        (from word in Keyword("where")
         from facts in Condition
         select (Func<NameSyntax, FieldSyntax>)(name => new FieldSyntax(name, [], null) { Where = facts }))
        .Or(from sign in Token.EqualTo(M2MToken.Plus).Or(Token.EqualTo(M2MToken.Minus))
            from values in Values
            select (Func<NameSyntax, FieldSyntax>)(name =>
                new FieldSyntax(name, [.. values], null) { Change = sign.Kind == M2MToken.Plus ? ListChange.Add : ListChange.Remove }))
        .Or(from values in Values.OptionalOrDefault([])
            from within in OptionalWithin
            select (Func<NameSyntax, FieldSyntax>)(name => new FieldSyntax(name, [.. values], within)));

    private static readonly TokenListParser<M2MToken, FieldSyntax> FieldAndValues =
        from name in Name.Named("a field")
        from rest in FieldValues
        select rest(name);

    private static readonly TokenListParser<M2MToken, FieldSyntax[]> Fields = FieldAndValues.Many();

    private static readonly TokenListParser<M2MToken, ImmutableArray<FieldSyntax>> Body =
        from open in Token.EqualTo(M2MToken.OpenBrace)
        from fields in Fields
        from close in CloseBrace
        select fields.ToImmutableArray();

    private static readonly TokenListParser<M2MToken, ImmutableArray<FieldSyntax>> OptionalChanges = Keyword("with").IgnoreThen(Body).OptionalOrDefault([]);

    private static readonly TokenListParser<M2MToken, OutcomeSyntax> Outcome =
        Body.Select(fields => new OutcomeSyntax(null, fields))
            .Or(from profile in Name
                from changes in OptionalChanges
                select new OutcomeSyntax(profile, changes))
            .Named("`{` or a profile");

    private static readonly TokenListParser<M2MToken, AnswerSyntax> Answer =
        Keyword("use").IgnoreThen(Outcome).Select(outcome => (AnswerSyntax)new AnswerSyntax.Use(outcome))
            .Or(Keyword("deny").IgnoreThen(Text).Select(reason => (AnswerSyntax)new AnswerSyntax.Deny(reason)));

    private static readonly TokenListParser<M2MToken, ConditionSyntax?> OptionalWhen =
        Keyword("when").IgnoreThen(Condition).AsNullable().OptionalOrDefault();

    /// <summary>An offset from UTC: <c>+02:00</c>. A number token takes a minus along, and leaves a plus.</summary>
    public static readonly TokenListParser<M2MToken, AtomSyntax> Offset =
        (from plus in Token.EqualTo(M2MToken.Plus)
         from digits in Token.EqualTo(M2MToken.Number)
         select new AtomSyntax(M2MToken.Number, $"+{digits.ToStringValue()}", SpanOf(plus).To(SpanOf(digits))))
        .Or(Token.EqualTo(M2MToken.Number).Select(Atom))
        .Named("an offset from UTC such as +02:00");

    /// <summary>The line that opens a file.</summary>
    public static readonly TokenListParser<M2MToken, PolicyHead> Policy =
        from keyword in Keyword("policy")
        from name in Given
        from description in Text.AsNullable().OptionalOrDefault()
        from zone in Keyword("zone").IgnoreThen(Offset).AsNullable().OptionalOrDefault()
        from target in Keyword("for").IgnoreThen(Condition).AsNullable().OptionalOrDefault()
        select new PolicyHead(SpanOf(keyword), name, description, zone, target);

    /// <summary>Every declaration but a block, whose cases are parsed one by one.</summary>
    public static readonly TokenListParser<M2MToken, DeclarationSyntax> Declaration =
        (from keyword in Keyword("define")
         from name in Given
         from sign in Token.EqualTo(M2MToken.Is)
         from condition in Condition
         select (DeclarationSyntax)new DeclarationSyntax.Define(name, condition))
        .Or(from keyword in Keyword("profile")
            from name in Given
            from colon in Colon
            from kind in Kind
            from outcome in Token.EqualTo(M2MToken.Is).IgnoreThen(Outcome).Or(Body.Select(fields => new OutcomeSyntax(null, fields)))
            select (DeclarationSyntax)new DeclarationSyntax.Profile(name, kind, outcome))
        .Or(from keyword in Keyword("require")
            from name in Given
            from colon in Colon
            from kind in Kind
            from outcome in Outcome
            from when in OptionalWhen
            select (DeclarationSyntax)new DeclarationSyntax.Require(name, kind, outcome, when))
        .Or(from keyword in Keyword("forbid")
            from name in Given
            from colon in Colon
            from kind in Kind
            from reason in Text
            from when in OptionalWhen
            select (DeclarationSyntax)new DeclarationSyntax.Forbid(name, kind, reason, when))
        .Or(from keyword in Keyword("waive")
            from demand in Name.Named("the name of a demand such as plant7.public-tls13")
            from when in Keyword("when").IgnoreThen(Condition)
            from start in Keyword("from").IgnoreThen(Instant).AsNullable().OptionalOrDefault()
            from until in Keyword("until").IgnoreThen(Instant)
            from because in Keyword("because").IgnoreThen(Text)
            from approver in Keyword("approved-by").IgnoreThen(Text)
            select (DeclarationSyntax)new DeclarationSyntax.Waive(demand, when, start, until, because, approver))
        .Or(from keyword in Keyword("invariant")
            from text in Text
            from colon in Colon
            from kind in Kind
            from always in Keyword("always")
            from outcome in Keyword("deny").Select(_ => (OutcomeSyntax?)null).Or(Outcome.Select(outcome => (OutcomeSyntax?)outcome)).Named("`{`, a profile or `deny`")
            from when in OptionalWhen
            select (DeclarationSyntax)new DeclarationSyntax.Invariant(text, kind, outcome, when));

    /// <summary>A case of a block.</summary>
    public static readonly TokenListParser<M2MToken, CaseSyntax> Case =
        (from keyword in Keyword("when")
         from condition in Condition
         from answer in Answer
         select new CaseSyntax(SpanOf(keyword), condition, answer))
        .Or(from keyword in Keyword("otherwise")
            from answer in Answer
            select new CaseSyntax(SpanOf(keyword), null, answer));

    /// <summary>Whether some kind of decision has a field of that name.</summary>
    public static bool IsField(string name) => FieldNames.Contains(name);

    public static Span SpanOf(Token<M2MToken> token) => new(token.Span.Position.Absolute, token.Span.Length);

    private static TokenListParser<M2MToken, Token<M2MToken>> Keyword(string word) =>
        Token.EqualToValue(M2MToken.Name, word).Named($"`{word}`");

    private static NameSyntax Named(Token<M2MToken> token) => new(token.ToStringValue(), SpanOf(token));

    private static AtomSyntax Atom(Token<M2MToken> token) => new(token.Kind, token.ToStringValue(), SpanOf(token));

    private static bool IsReservedWord(Token<M2MToken> token) => ReservedWords.Contains(TextOf(token));

    private static bool IsFieldOrReserved(Token<M2MToken> token) => IsReservedWord(token) || FieldNames.Contains(token.ToStringValue());

    private static ReadOnlySpan<char> TextOf(Token<M2MToken> token) => token.Span.Source.AsSpan(token.Span.Position.Absolute, token.Span.Length);
}
