using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.PolicyTests;

/// <summary>Reads what tests expect. A name that does not exist is a fault: an expectation of nothing would always be met.</summary>
internal sealed class ExpectationReader(SourceText source, IReadOnlyList<string>? rules, Faults faults)
{
    public const string Deny = "deny";
    public const string Allow = "allow";
    public const string DenyContains = "deny-contains";
    public const string DecidedBy = "decided-by";
    public const string Unconstrained = "unconstrained";

    private static readonly string[] Bounds = ["includes", "excludes", "at-least", "at-most"];

    /// <summary>The expectations of one kind: <c>allow</c>, <c>deny</c>, or a mapping.</summary>
    public IEnumerable<Expectation> Kind(DecisionKind kind, YamlNode value)
    {
        switch (value)
        {
            case YamlScalarNode { Value: Allow }:
                return [new Expectation.Allowed(kind)];
            case YamlScalarNode { Value: Deny }:
                return [new Expectation.Denied(kind, null, null)];
            case YamlMappingNode { Children.Count: > 0 } mapping:
                return [.. Entries(kind, mapping)];
            default:
                faults.WrongValue(source, SpanOf(value), kind.Name(), $"`{Allow}`, `{Deny}`, or a mapping such as {{ {Field.Of(kind)[0].Name}: … }}");
                return [];
        }
    }

    /// <summary>The expectations of one key: a field's, or one of <c>deny</c>, <c>deny-contains</c> and <c>decided-by</c>.</summary>
    public IEnumerable<Expectation> Entry(DecisionKind kind, string key, Span at, YamlNode value)
    {
        switch (key)
        {
            case Deny or DenyContains:
                if (value is not YamlScalarNode { Value: { Length: > 0 } reason } || YamlText.IsNull(value))
                    Wrong(value, key, "a reason");
                else
                    yield return key == Deny ? new Expectation.Denied(kind, reason == "true" ? null : reason, null) : new Expectation.Denied(kind, null, reason);
                break;
            case DecidedBy when value is YamlSequenceNode { Children.Count: 0 }:
                Wrong(value, key, "a rule such as: baseline auth case 2");
                break;
            case DecidedBy:
                foreach (YamlNode item in value is YamlSequenceNode several ? several.Children : [value])
                {
                    if (item is not YamlScalarNode { Value: { Length: > 0 } rule } || YamlText.IsNull(item))
                        Wrong(item, key, "a rule such as: baseline auth case 2");
                    else if (rules?.Contains(rule) != false)
                        yield return new Expectation.DecidedBy(kind, rule);
                    else
                        faults.UnknownRule(source, SpanOf(item), rule, rules);
                }
                break;
            default:
                if (CheckKey(kind, key, at) && FieldOf(kind, Field.Find(kind, key)!, value) is { } expectation)
                    yield return expectation;
                break;
        }
    }

    /// <summary>Whether a kind has something of that name to expect; a fault where it has not.</summary>
    public bool CheckKey(DecisionKind kind, string key, Span at)
    {
        if (key is Deny or DenyContains or DecidedBy || Field.Find(kind, key) is not null)
            return true;
        faults.UnknownExpectation(source, at, kind, key, [.. Field.Of(kind).Select(known => known.Name), Deny, DenyContains, DecidedBy]);
        return false;
    }

    private List<Expectation> Entries(DecisionKind kind, YamlMappingNode mapping)
    {
        var all = new List<Expectation>();
        foreach ((string key, YamlNode keyNode, YamlNode value) in YamlText.Entries(mapping, source, faults, known: null))
            all.AddRange(Entry(kind, key, SpanOf(keyNode), value));
        if (all.Exists(expectation => expectation is Expectation.Denied) && all.Exists(expectation => expectation is not (Expectation.Denied or Expectation.DecidedBy)))
            faults.WrongValue(source, SpanOf(mapping) with { Length = 1 }, kind.Name(), "either a denial or fields: a denial has none");
        return all;
    }

    private Expectation? FieldOf(DecisionKind kind, Field field, YamlNode value)
    {
        if (value is YamlMappingNode mapping)
            return Bounded(kind, field, mapping);
        if (value is YamlScalarNode { Value: Unconstrained })
            return new Expectation.Is(kind, field, null);
        return Value(field, value) is { } exact ? new Expectation.Is(kind, field, exact) : null;
    }

    private Expectation? Bounded(DecisionKind kind, Field field, YamlMappingNode mapping)
    {
        bool isList = field.Shape is FieldShape.NameList;
        string[] known = isList ? Bounds[..2] : Bounds[2..];
        FieldValue? first = null, second = null;
        int read = 0;
        foreach ((string key, _, YamlNode value) in YamlText.Entries(mapping, source, faults, known))
        {
            if (Value(field, value) is not { } bound)
                continue;
            if (bound is FieldValue.Names { Items: [] })
            {
                Wrong(value, key, "at least one name");
                continue;
            }
            read++;
            if (key == known[0])
                first = bound;
            else
                second = bound;
        }
        if (mapping.Children.Count == 0)
            faults.WrongValue(source, SpanOf(mapping), field.Name, $"one of {string.Join(", ", known)}");
        if (read == 0)
            return null;
        return isList
            ? new Expectation.Holds(kind, field, (first as FieldValue.Names)?.Items ?? [], (second as FieldValue.Names)?.Items ?? [])
            : new Expectation.Between(kind, field, first, second);
    }

    private FieldValue? Value(Field field, YamlNode node)
    {
        string? text = YamlText.Truth(node) switch { true => "true", false => "false", _ => (node as YamlScalarNode)?.Value };
        switch (field.Shape)
        {
            case FieldShape.NameList list:
                return Names(field, list, node);
            case FieldShape.ShortestDuration when text is not null && DurationText.TryParse(text, out long seconds):
                return new FieldValue.Duration(seconds);
            case FieldShape.Share when text is not null && Fraction.TryParse(text, out Fraction share):
                return new FieldValue.Share(share);
            case FieldShape.Ladder ladder when text is not null && ladder.Find(text) is { } level:
                return level;
            default:
                Wrong(node, field.Name, field.Shape switch
                {
                    FieldShape.ShortestDuration => "a duration such as 12h",
                    FieldShape.Share => "a fraction such as 2/3 or 10%",
                    FieldShape.Ladder ladder => $"one of {string.Join(", ", ladder.Ranks)}",
                    _ => "another value",
                });
                return null;
        }
    }

    private FieldValue.Names? Names(Field field, FieldShape.NameList list, YamlNode node)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        bool isRead = true;
        foreach (YamlNode item in node is YamlSequenceNode several ? several.Children : [node])
        {
            string name = (item as YamlScalarNode)?.Value ?? "";
            string[] meant = field == Field.Versions && name is "1.2" or "1.3" ? [$"TLS{name}", $"DTLS{name}"] : [name];
            bool isKnown = name.Length > 0 && !YamlText.IsNull(item) && (list.CodePoints is null || meant.All(list.CodePoints.ContainsKey));
            isRead &= isKnown;
            if (isKnown)
                names.AddRange(meant);
            else
                faults.UnknownTestName(source, SpanOf(item), list.What, name, list.CodePoints?.Keys ?? []);
        }
        return isRead ? new FieldValue.Names(names.ToImmutable()) : null;
    }

    private void Wrong(YamlNode node, string key, string expected) => faults.WrongValue(source, SpanOf(node), key, expected);

    private Span SpanOf(YamlNode node) => YamlText.SpanOf(node, source);
}
