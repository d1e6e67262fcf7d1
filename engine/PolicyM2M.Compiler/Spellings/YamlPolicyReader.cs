using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Reads a policy that is spelled in YAML to the syntax that <see cref="PolicyParser"/> makes of <c>.m2m</c>.</summary>
internal sealed class YamlPolicyReader
{
    private readonly SourceText _file;
    private readonly YamlPieces _pieces;
    private readonly PieceParser _parser;
    private readonly Faults _faults;
    private readonly YamlOutcomeReader _outcomes;
    private readonly ImmutableArray<DeclarationSyntax>.Builder _declarations = ImmutableArray.CreateBuilder<DeclarationSyntax>();

    private YamlPolicyReader(SourceText file, YamlPieces pieces, Faults faults)
    {
        _file = file;
        _pieces = pieces;
        _faults = faults;
        _parser = new PieceParser(pieces.Text, faults);
        _outcomes = new YamlOutcomeReader(file, pieces, _parser, faults);
    }

    /// <summary>The policy of a file, as far as it can be read; without a name where the file names none.</summary>
    public static PolicySyntax Parse(SourceText source, Faults faults) =>
        YamlText.Mapping(source, faults) is { } root && YamlPieces.Of(source, faults) is { } pieces
            ? new YamlPolicyReader(source, pieces, faults).Policy(root)
            : new PolicySyntax(source, new NameSyntax("", new Span(0, 0)), null, null, []);

    private PolicySyntax Policy(YamlMappingNode root)
    {
        NameSyntax? name = null;
        Span keyword = default;
        string? description = null;
        ConditionSyntax? target = null;
        AtomSyntax? zone = null;
        var entries = ImmutableArray.CreateBuilder<EntryPlace>();
        foreach ((string key, YamlNode keyNode, YamlNode value) in YamlText.Entries(root, _file, _faults, [.. YamlKeys.Head, .. YamlKeys.Sections]))
        {
            if (YamlKeys.Head.Contains(key))
                entries.Add(_outcomes.PlaceOf(key, keyNode, value));
            switch (key)
            {
                case YamlKeys.Policy:
                    keyword = _pieces[keyNode];
                    name = _outcomes.GivenName(value, key) ?? new NameSyntax("", keyword);
                    break;
                case YamlKeys.Description:
                    description = _outcomes.Text(value, key);
                    break;
                case YamlKeys.Zone:
                    zone = Zone(value);
                    break;
                case YamlKeys.For:
                    target = Condition(value, key);
                    break;
                default:
                    Section(key, keyNode, value);
                    break;
            }
        }
        if (name is null)
            _faults.NoYamlPolicy(_file, new Span(0, 1));
        return new PolicySyntax(_pieces.Text, name ?? new NameSyntax("", new Span(0, 0)), description, target, _declarations.ToImmutable())
        {
            Keyword = keyword,
            Zone = zone,
            Comments = [.. _pieces.Comments],
            Entries = entries.ToImmutable(),
        };
    }

    private void Section(string key, YamlNode keyNode, YamlNode value)
    {
        switch (key)
        {
            case YamlKeys.Define:
                foreach ((_, YamlNode name, YamlNode condition) in Mapping(value, key, "a mapping of names to conditions", known: null))
                    Define(name, condition);
                break;
            case YamlKeys.Profiles:
                foreach ((string name, YamlNode nameNode, YamlNode profile) in Mapping(value, key, "a mapping of names to profiles", known: null))
                    Profile(name, nameNode, profile);
                break;
            case YamlKeys.Rules:
                foreach (YamlNode rule in List(value, key, "a list of rules"))
                    Rule(rule);
                break;
            case YamlKeys.Then:
                foreach (YamlNode more in List(value, key, "a list of mappings, each with sections such as `define` and `rules`"))
                {
                    foreach ((string section, YamlNode sectionNode, YamlNode content) in Mapping(more, key, "a mapping with sections such as `define` and `rules`", YamlKeys.SectionsOfThen))
                        Section(section, sectionNode, content);
                }
                break;
            case var _ when DecisionKinds.TryParse(key, out DecisionKind kind):
                Block(kind, keyNode, value);
                break;
        }
    }

    private void Define(YamlNode nameNode, YamlNode value)
    {
        if (_outcomes.GivenName(nameNode, YamlKeys.Define) is not { } name)
            return;
        _declarations.Add(Condition(value, name.Text) is { } condition
            ? new DeclarationSyntax.Define(name, condition) { Span = name.Span.To(_pieces[value]) }
            : new DeclarationSyntax.Unreadable(name));
    }

    private void Profile(string key, YamlNode nameNode, YamlNode value)
    {
        if (_outcomes.GivenName(nameNode, YamlKeys.Profiles) is not { } name)
            return;
        YamlParts? parts = _outcomes.Parts(value, key, "a profile such as { kind: auth, methods: [x509] }", nameNode, known: null);
        _declarations.Add(parts is not null && _outcomes.Kind(parts) is { } kind && _outcomes.Outcome(parts, isInline: true) is { } outcome
            ? new DeclarationSyntax.Profile(name, kind, outcome) { Span = name.Span.To(_pieces[value]), Entries = _outcomes.PlacesOf(value, YamlKeys.OfOutcomes) }
            : new DeclarationSyntax.Unreadable(name));
    }

    private void Block(DecisionKind kind, YamlNode keyNode, YamlNode value)
    {
        var cases = ImmutableArray.CreateBuilder<CaseSyntax>();
        foreach (YamlNode item in List(value, kind.Name(), "a list of cases"))
        {
            if (cases.Count > 0 && cases[^1].When is null)
                _faults.UnreachableCase(_file, YamlText.SpanOf(item, _file) with { Length = 1 });
            if (Case(item, kind) is { } parsed)
                cases.Add(parsed with { Span = _pieces[item], Entries = _outcomes.PlacesOf(item, YamlKeys.Case) });
        }
        _declarations.Add(new DeclarationSyntax.Block(kind, _pieces[keyNode], cases.ToImmutable())
        {
            Span = _pieces[keyNode].To(_pieces[value]),
            HasUnreadable = value is not YamlSequenceNode list || cases.Count < list.Children.Count,
        });
    }

    private CaseSyntax? Case(YamlNode item, DecisionKind kind)
    {
        if (_outcomes.Parts(item, kind.Name(), "a list of cases, each a mapping with `when` or `otherwise`", item, YamlKeys.Case) is not { } parts)
            return null;
        if (parts.Value(YamlKeys.Otherwise) is { } answer)
        {
            if (parts.Count > 1)
                _faults.WrongValue(_file, parts.Span, YamlKeys.Otherwise, "a mapping with `use` or `deny`, and nothing beside it");
            else if (_outcomes.Parts(answer, YamlKeys.Otherwise, "a mapping with `use` or `deny`", item, YamlKeys.Answer) is { } inner && Answer(inner) is { } said)
                return new CaseSyntax(_pieces[parts.Key(YamlKeys.Otherwise)!], null, said);
            return null;
        }
        ConditionSyntax? condition = parts.Required(YamlKeys.When, "the condition under which the case matches") is { } when ? Condition(when, YamlKeys.When) : null;
        return Answer(parts) is { } use && condition is not null ? new CaseSyntax(_pieces[parts.Key(YamlKeys.When)!], condition, use) : null;
    }

    private AnswerSyntax? Answer(YamlParts parts)
    {
        if (parts.Value(YamlKeys.Deny) is not { } deny)
            return _outcomes.Outcome(parts, isInline: false) is { } outcome ? new AnswerSyntax.Use(outcome) : null;
        if ((parts.Key(YamlKeys.Use) ?? parts.Key(YamlKeys.With)) is { } both)
            _faults.WrongValue(_file, YamlText.SpanOf(both, _file), YamlKeys.Deny, "no `use` beside it");
        return _outcomes.Text(deny, YamlKeys.Deny) is { } reason ? new AnswerSyntax.Deny(reason) : null;
    }

    private void Rule(YamlNode item)
    {
        if (_outcomes.Parts(item, YamlKeys.Rules, "a mapping that begins with `require`, `forbid`, `waive` or `invariant`", item, known: null) is not { } parts)
            return;
        string? word = YamlKeys.RuleWords.FirstOrDefault(known => parts.Key(known) is not null);
        if (word is null)
        {
            _faults.MissingKey(_file, parts.Span, YamlKeys.Require, "the name of the requirement; or `forbid`, `waive` or `invariant` says what else it is");
            return;
        }
        parts = _outcomes.Parts(item, word, "a rule", item, YamlKeys.OfRule(word))!;
        ImmutableArray<EntryPlace> places = _outcomes.PlacesOf(item, YamlKeys.OfRule(word));
        if (word is YamlKeys.Waive or YamlKeys.Invariant)
        {
            if ((word == YamlKeys.Waive ? (DeclarationSyntax?)Waive(parts) : Invariant(parts)) is { } exception)
                _declarations.Add(exception with { Span = _pieces[item], Entries = places });
            return;
        }
        NameSyntax? name = _outcomes.GivenName(parts.Value(word)!, word);
        DecisionKind? kind = _outcomes.Kind(parts);
        ConditionSyntax? when = parts.Value(YamlKeys.When) is { } condition ? Condition(condition, YamlKeys.When) : null;
        bool isRead = name is not null && kind is not null && when is null == parts.Value(YamlKeys.When) is null;
        if (word == YamlKeys.Require)
        {
            if (_outcomes.Outcome(parts, isInline: false) is { } outcome && isRead)
                _declarations.Add(new DeclarationSyntax.Require(name!.Value, kind!.Value, outcome, when) { Span = _pieces[item], Entries = places });
        }
        else if (parts.Required(YamlKeys.Deny, "the reason") is { } deny && _outcomes.Text(deny, YamlKeys.Deny) is { } reason && isRead)
        {
            _declarations.Add(new DeclarationSyntax.Forbid(name!.Value, kind!.Value, reason, when) { Span = _pieces[item], Entries = places });
        }
    }

    private DeclarationSyntax.Waive? Waive(YamlParts parts)
    {
        NameSyntax? demand = _outcomes.Name(parts.Value(YamlKeys.Waive)!, YamlKeys.Waive);
        ConditionSyntax? when = parts.Required(YamlKeys.When, "the condition under which it is waived") is { } condition ? Condition(condition, YamlKeys.When) : null;
        AtomSyntax? from = parts.Value(YamlKeys.From) is { } start ? Instant(start, YamlKeys.From) : null;
        AtomSyntax? until = parts.Required(YamlKeys.Until, "the instant at which the waiver ends") is { } end ? Instant(end, YamlKeys.Until) : null;
        string? because = parts.Required(YamlKeys.Because, "the reason") is { } reason ? _outcomes.Text(reason, YamlKeys.Because) : null;
        string? approver = parts.Required(YamlKeys.ApprovedBy, "who approved it") is { } who ? _outcomes.Text(who, YamlKeys.ApprovedBy) : null;
        bool isRead = from is null == parts.Value(YamlKeys.From) is null;
        return isRead && demand is { } name && when is not null && until is not null && because is not null && approver is not null
            ? new DeclarationSyntax.Waive(name, when, from, until, because, approver)
            : null;
    }

    private DeclarationSyntax.Invariant? Invariant(YamlParts parts)
    {
        const string Expected = "`deny`, or a mapping with `use`";
        string? text = _outcomes.Text(parts.Value(YamlKeys.Invariant)!, YamlKeys.Invariant);
        DecisionKind? kind = _outcomes.Kind(parts);
        ConditionSyntax? when = parts.Value(YamlKeys.When) is { } condition ? Condition(condition, YamlKeys.When) : null;
        OutcomeSyntax? outcome = null;
        bool isRead = when is null == parts.Value(YamlKeys.When) is null && text is not null && kind is not null;
        if (parts.Required(YamlKeys.Always, "what always holds") is not { } always)
            return null;
        if (always is not YamlScalarNode { Value: YamlKeys.Deny })
        {
            outcome = _outcomes.Parts(always, YamlKeys.Always, Expected, always, [YamlKeys.Use, YamlKeys.With]) is { } inner ? _outcomes.Outcome(inner, isInline: false) : null;
            isRead &= outcome is not null;
        }
        return isRead ? new DeclarationSyntax.Invariant(text!, kind!.Value, outcome, when) : null;
    }

    private AtomSyntax? Instant(YamlNode value, string key)
    {
        if (value is YamlScalarNode)
            return _parser.TryInstant(_pieces[value], out AtomSyntax? instant) ? instant : null;
        _faults.WrongValue(_file, YamlText.SpanOf(value, _file), key, "an instant such as 2027-01-31");
        return null;
    }

    private AtomSyntax? Zone(YamlNode value)
    {
        if (value is YamlScalarNode)
            return _parser.TryOffset(_pieces[value], out AtomSyntax? offset) ? offset : null;
        _faults.WrongValue(_file, YamlText.SpanOf(value, _file), YamlKeys.Zone, "an offset from UTC such as \"+02:00\"");
        return null;
    }

    private ConditionSyntax? Condition(YamlNode value, string key)
    {
        if (value is YamlScalarNode)
            return _parser.TryCondition(_pieces[value], out ConditionSyntax? condition) ? condition : null;
        _faults.WrongValue(_file, YamlText.SpanOf(value, _file), key, "a condition such as device.type == \"plc\"");
        return null;
    }

    private IEnumerable<(string Key, YamlNode KeyNode, YamlNode Value)> Mapping(YamlNode value, string key, string expected, IReadOnlyCollection<string>? known)
    {
        if (value is YamlMappingNode mapping)
            return YamlText.Entries(mapping, _file, _faults, known);
        _faults.WrongValue(_file, YamlText.SpanOf(value, _file), key, expected);
        return [];
    }

    private IEnumerable<YamlNode> List(YamlNode value, string key, string expected)
    {
        if (value is YamlSequenceNode list)
            return list.Children;
        _faults.WrongValue(_file, YamlText.SpanOf(value, _file), key, expected);
        return [];
    }
}
