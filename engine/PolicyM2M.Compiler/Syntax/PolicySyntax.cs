using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>A name as written.</summary>
internal readonly record struct NameSyntax(string Text, Span Span);

/// <summary>Where an entry of a YAML mapping stands: its key and, where that has no entries of its own, its value.</summary>
internal readonly record struct EntryPlace(string Key, Span Span);

/// <summary>The line that opens a policy.</summary>
internal sealed record PolicyHead(Span Keyword, NameSyntax Name, string? Description, AtomSyntax? Zone, ConditionSyntax? Target);

/// <summary>A policy as written: one file.</summary>
internal sealed record PolicySyntax(
    SourceText Source, NameSyntax Name, string? Description, ConditionSyntax? Target, ImmutableArray<DeclarationSyntax> Declarations)
{
    /// <summary>The offset from UTC in which the policy reads times of day and weekdays, as written; null for UTC.</summary>
    public AtomSyntax? Zone { get; init; }

    /// <summary>Where the policy begins: the word <c>policy</c> before its name.</summary>
    public Span Keyword { get; init; }

    /// <summary>The comments in the order of the source, each with the sign that begins it.</summary>
    public ImmutableArray<Span> Comments { get; init; } = [];

    /// <summary>Where the entries of a head in YAML stand.</summary>
    public ImmutableArray<EntryPlace> Entries { get; init; } = [];

    /// <summary>What the policy says of itself, from its name to its target.</summary>
    public Span HeadSpan => Name.Span.To(Target?.Span ?? Zone?.Span ?? Name.Span);
}

/// <summary>One thing a policy declares.</summary>
internal abstract record DeclarationSyntax
{
    private DeclarationSyntax() { }

    /// <summary>All of it, from its key word to its last sign.</summary>
    public Span Span { get; init; }

    /// <summary>Where its entries stand, in YAML.</summary>
    public ImmutableArray<EntryPlace> Entries { get; init; } = [];

    /// <summary><c>define legacy = …</c></summary>
    public sealed record Define(NameSyntax Name, ConditionSyntax Condition) : DeclarationSyntax;

    /// <summary><c>profile modern : cipher-suites { … }</c></summary>
    public sealed record Profile(NameSyntax Name, DecisionKind Kind, OutcomeSyntax Outcome) : DeclarationSyntax;

    /// <summary><c>cipher-suites { when … use … otherwise … }</c></summary>
    public sealed record Block(DecisionKind Kind, Span Keyword, ImmutableArray<CaseSyntax> Cases) : DeclarationSyntax
    {
        /// <summary>Whether it has cases that could not be read.</summary>
        public bool HasUnreadable { get; init; }
    }

    /// <summary><c>require public-tls13 : cipher-suites { … } when …</c></summary>
    public sealed record Require(NameSyntax Name, DecisionKind Kind, OutcomeSyntax Outcome, ConditionSyntax? When) : DeclarationSyntax;

    /// <summary>A <c>define</c> or <c>profile</c> that could not be read: its name is known, so that its uses are no faults of their own.</summary>
    public sealed record Unreadable(NameSyntax Name) : DeclarationSyntax;

    /// <summary><c>forbid no-retired : auth "…" when …</c></summary>
    public sealed record Forbid(NameSyntax Name, DecisionKind Kind, string Reason, ConditionSyntax? When) : DeclarationSyntax;

    /// <summary><c>waive plant7.public-tls13 when … from … until … because "…" approved-by "…"</c></summary>
    public sealed record Waive(NameSyntax Demand, ConditionSyntax When, AtomSyntax? From, AtomSyntax Until, string Because, string ApprovedBy) : DeclarationSyntax;

    /// <summary><c>invariant "…" : cipher-suites always { … } when …</c>; without an outcome it is <c>always deny</c>.</summary>
    public sealed record Invariant(string Text, DecisionKind Kind, OutcomeSyntax? Outcome, ConditionSyntax? When) : DeclarationSyntax;
}

/// <summary>A case of a block; without a condition it is <c>otherwise</c>.</summary>
internal sealed record CaseSyntax(Span Keyword, ConditionSyntax? When, AnswerSyntax Answer)
{
    /// <summary>All of it, from its key word to its last sign.</summary>
    public Span Span { get; init; }

    /// <summary>Where its entries stand, in YAML.</summary>
    public ImmutableArray<EntryPlace> Entries { get; init; } = [];
}

/// <summary>What a case answers.</summary>
internal abstract record AnswerSyntax
{
    private AnswerSyntax() { }

    public sealed record Use(OutcomeSyntax Outcome) : AnswerSyntax;

    public sealed record Deny(string Reason) : AnswerSyntax;
}

/// <summary>An outcome: the fields of a profile, of a body, or of a profile with a body's fields in place of its own.</summary>
internal sealed record OutcomeSyntax(NameSyntax? Profile, ImmutableArray<FieldSyntax> Fields);

/// <summary>A field of a body: <c>suites A, B</c>, <c>revocation hard within 24h</c>, <c>rotate-now</c>.</summary>
internal sealed record FieldSyntax(NameSyntax Name, ImmutableArray<AtomSyntax> Values, AtomSyntax? Within)
{
    /// <summary>What is done to the list that the profile gives, where the values are not the list itself.</summary>
    public ListChange Change { get; init; }

    /// <summary>The facts by which names are selected; null where they are listed.</summary>
    public ConditionSyntax? Where { get; init; }

    /// <summary>All of it, from its name to its last value.</summary>
    public Span Span => Name.Span.To(Where?.Span ?? Within?.Span ?? (Values.IsDefaultOrEmpty ? Name.Span : Values[^1].Span));
}

/// <summary>What a field does to the list that a profile gives.</summary>
internal enum ListChange
{
    /// <summary>It takes its place.</summary>
    Replace,

    /// <summary><c>+</c>: it adds names at the end.</summary>
    Add,

    /// <summary><c>-</c>: it takes names out.</summary>
    Remove,
}

/// <summary>A literal or a name where a value stands.</summary>
internal sealed record AtomSyntax(M2MToken Kind, string Text, Span Span)
{
    /// <summary>What it says: a string without its quotes and escapes, anything else as written.</summary>
    public string Value => Kind == M2MToken.String ? StringLiteral.Unescape(Text) : Text;
}

/// <summary>A condition as written.</summary>
internal abstract record ConditionSyntax(Span Span)
{
    public sealed record Any(ImmutableArray<ConditionSyntax> Parts, Span Span) : ConditionSyntax(Span);

    public sealed record All(ImmutableArray<ConditionSyntax> Parts, Span Span) : ConditionSyntax(Span);

    public sealed record Not(ConditionSyntax Part, Span Span) : ConditionSyntax(Span);

    /// <summary>A bool attribute, or a define.</summary>
    public sealed record Named(NameSyntax Name) : ConditionSyntax(Name.Span);

    public sealed record Comparison(NameSyntax Attribute, M2MToken Operator, Span OperatorSpan, AtomSyntax Literal, Span Span) : ConditionSyntax(Span);

    public sealed record OneOf(NameSyntax Attribute, Span OperatorSpan, ImmutableArray<AtomSyntax> Literals, Span Span) : ConditionSyntax(Span);

    /// <summary><c>has x</c>: the attribute is known.</summary>
    public sealed record Has(NameSyntax Attribute, Span Span) : ConditionSyntax(Span);

    /// <summary><c>x contains "a"</c>, <c>x starts-with "a"</c>.</summary>
    public sealed record Relation(NameSyntax Attribute, string Word, Span OperatorSpan, AtomSyntax Literal, Span Span) : ConditionSyntax(Span);

    /// <summary><c>x within 10.0.0.0/8</c>, <c>x within [10.0.0.0/8, 2001:db8::/32]</c>.</summary>
    public sealed record Within(NameSyntax Attribute, Span OperatorSpan, ImmutableArray<AtomSyntax> Blocks, Span Span) : ConditionSyntax(Span);

    /// <summary><c>x == y</c>, <c>x != y</c>: two attributes.</summary>
    public sealed record SameAs(NameSyntax Left, M2MToken Operator, Span OperatorSpan, NameSyntax Right, Span Span) : ConditionSyntax(Span);

    public sealed record Between(NameSyntax Attribute, Span OperatorSpan, AtomSyntax Low, AtomSyntax High, Span Span) : ConditionSyntax(Span);
}
