using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>
/// <c>suites where key-bits &gt;= 256 and aead</c>: names by the facts of the registry's tables, never by what a name looks like. A cell that is empty
/// in the table is a fact that is not so, and a text unlike any other. As a number it compares with nothing, and the contrary of a comparison does not hold either.
/// </summary>
internal sealed class FactSelection(SourceText source, Field field, Faults faults)
{
    private const string Yes = "yes";
    private const string No = "no";

    private readonly Dictionary<string, ImmutableSortedSet<string>> _values = [];
    private bool _isFaulty;

    /// <summary>The names with these facts, in the given order; null where the condition is no condition over facts.</summary>
    /// <param name="where">The condition.</param>
    /// <param name="from">The names to select from; null for all of the table, in its order.</param>
    public ImmutableArray<string>? Select(ConditionSyntax where, ImmutableArray<string>? from)
    {
        IReadOnlyList<(string Name, IReadOnlyDictionary<string, string> Facts)> table = TlsRegistry.Facts(field.Name);
        if (table.Count == 0)
        {
            faults.WrongFieldValue(source, where.Span, field, "names: only suites, groups and signatures have facts to select by");
            return null;
        }
        // One row checks the condition: which facts there are does not hang on the row.
        Is(true, where, table[0].Facts);
        if (_isFaulty)
            return null;
        ImmutableArray<string> selected = [.. table.Where(row => Is(true, where, row.Facts)).Select(row => row.Name)];
        if (from is { } order)
            selected = [.. order.Where(selected.Contains)];
        if (!selected.IsEmpty)
            return selected;
        faults.EmptySelection(source, where.Span, ((FieldShape.NameList)field.Shape).What);
        return null;
    }

    /// <summary>Whether it is certain that the condition holds, or that it does not.</summary>
    private bool Is(bool truth, ConditionSyntax where, IReadOnlyDictionary<string, string> facts)
    {
        switch (where)
        {
            // Every part is looked at, so that every fault is told.
            case ConditionSyntax.Any any:
                return truth ? Some(any.Parts) : Each(any.Parts);
            case ConditionSyntax.All all:
                return truth ? Each(all.Parts) : Some(all.Parts);
            case ConditionSyntax.Not not:
                return Is(!truth, not.Part, facts);
            case ConditionSyntax.Named named:
                return Fact(named.Name, facts) is { } so && IsTruth(named.Name, so) && so == Yes == truth;
            case ConditionSyntax.Comparison comparison:
                return Fact(comparison.Attribute, facts) is { } fact && Compares(comparison, fact) == truth;
            case ConditionSyntax.OneOf oneOf:
                return Fact(oneOf.Attribute, facts) is { } word && oneOf.Literals.All(literal => IsThere(oneOf.Attribute, literal, literal.Value))
                    && oneOf.Literals.Any(literal => literal.Value == word) == truth;
            case ConditionSyntax.Between between:
                return Fact(between.Attribute, facts) is { } bits && Number(between.Low) is { } low && Number(between.High) is { } high && IsRange(between, low, high)
                    && TryNumber(bits, out long n) && (n >= low && n <= high) == truth;
            case ConditionSyntax.Relation { Word: "contains" } contains:
                return Fact(contains.Attribute, facts, isSet: true) is { } words && IsThere(contains.Attribute, contains.Literal, contains.Literal.Value)
                    && words.Split(TlsRegistry.BetweenWords).Contains(contains.Literal.Value) == truth;
            default:
                Wrong(where.Span, "a comparison of facts");
                return false;
        }

        bool Some(IEnumerable<ConditionSyntax> parts) => parts.Aggregate(false, (holds, part) => Is(truth, part, facts) | holds);

        bool Each(IEnumerable<ConditionSyntax> parts) => parts.Aggregate(true, (holds, part) => Is(truth, part, facts) & holds);
    }

    /// <summary>What the comparison says; null where there is no number to compare.</summary>
    private bool? Compares(ConditionSyntax.Comparison comparison, string fact)
    {
        bool isEquality = comparison.Operator is M2MToken.Equal or M2MToken.NotEqual;
        if (comparison.Literal.Kind == M2MToken.String || comparison.Literal.Kind == M2MToken.Name)
        {
            if (!isEquality)
                Wrong(comparison.OperatorSpan, "`==` or `!=`");
            string text = comparison.Literal.Value switch { "true" => Yes, "false" => No, var other => other };
            return IsThere(comparison.Attribute, comparison.Literal, text) && fact == text == (comparison.Operator == M2MToken.Equal);
        }
        if (Number(comparison.Literal) is not { } limit || !TryNumber(fact, out long bits))
            return null;
        return comparison.Operator switch
        {
            M2MToken.Equal => bits == limit,
            M2MToken.NotEqual => bits != limit,
            M2MToken.Less => bits < limit,
            M2MToken.LessOrEqual => bits <= limit,
            M2MToken.Greater => bits > limit,
            _ => bits >= limit,
        };
    }

    private string? Fact(NameSyntax name, IReadOnlyDictionary<string, string> facts, bool isSet = false)
    {
        if (facts.TryGetValue(name.Text, out string? fact))
        {
            if (TlsRegistry.IsSetOfWords(name.Text) == isSet)
                return fact;
            Wrong(name.Span, isSet ? $"`==`, `!=` or `in`: `{name.Text}` holds one value, and no set of words" : $"`contains`: `{name.Text}` is a set of words");
            return null;
        }
        _isFaulty = true;
        faults.UnknownFact(source, name, ((FieldShape.NameList)field.Shape).What, facts.Keys.Order(StringComparer.Ordinal));
        return null;
    }

    /// <summary>Whether the fact is one that is so or not: alone it stands for its being so. What is so only with conditions is not.</summary>
    private bool IsTruth(NameSyntax name, string value)
    {
        bool isTruth = TlsRegistry.Facts(field.Name).Any(row => row.Facts[name.Text] == Yes);
        if (!isTruth)
            Wrong(name.Span, $"a comparison: `{name.Text}` is not so or not so, but for example `{value}`");
        return isTruth;
    }

    /// <summary>Whether any row has the fact: a value that none has was mistyped, and where it is denied it would select everything.</summary>
    private bool IsThere(NameSyntax name, AtomSyntax literal, string value)
    {
        if (_isFaulty)
            return false;
        ImmutableSortedSet<string> values = ValuesOf(name.Text);
        // Of a fact that is so or not so, a table may hold only one of the two.
        if (values.Contains(value) || (value is Yes or No && (values.Contains(Yes) || values.Contains(No))))
            return true;
        Wrong(literal.Span, $"a value that `{name.Text}` has: {string.Join(", ", values)}");
        return false;
    }

    /// <summary>What rows say of a fact. Looked up once: every row asks for it.</summary>
    private ImmutableSortedSet<string> ValuesOf(string fact)
    {
        if (!_values.TryGetValue(fact, out ImmutableSortedSet<string>? values))
        {
            _values.Add(fact, values = TlsRegistry.Facts(field.Name).Select(row => row.Facts[fact]).Where(text => text.Length > 0)
                .SelectMany(text => text.Split(TlsRegistry.BetweenWords)).ToImmutableSortedSet(StringComparer.Ordinal));
        }
        return values;
    }

    /// <summary>Whether a range holds anything: one that does not would select everything where it is denied.</summary>
    private bool IsRange(ConditionSyntax.Between between, long low, long high)
    {
        if (low > high && !_isFaulty)
            faults.EmptyRange(source, between.Low.Span.To(between.High.Span));
        _isFaulty |= low > high;
        return !_isFaulty;
    }

    private long? Number(AtomSyntax literal)
    {
        if (TryNumber(literal.Text, out long number))
            return number;
        Wrong(literal.Span, "a whole number, or a string");
        return null;
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private void Wrong(Span at, string expected)
    {
        if (!_isFaulty)
            faults.WrongFieldValue(source, at, field, expected);
        _isFaulty = true;
    }
}
