using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>
/// Prints a policy as YAML, canonically. Sections stand in the order of the declarations; where a section would have to stand twice a
/// new group begins under <c>then</c>. Comments and empty lines between items are kept.
/// </summary>
internal sealed class YamlPrinter
{
    private static readonly ImmutableHashSet<string> Lists =
        [.. DecisionKinds.All.SelectMany(kind => Field.Of(kind)).Where(field => field.Shape is FieldShape.NameList).Select(field => field.Name)];

    private readonly PolicySyntax _policy;
    private readonly Page _page = new("#", aligns: false);
    private readonly CommentCursor _comments;

    private YamlPrinter(PolicySyntax policy)
    {
        _policy = policy;
        _comments = new CommentCursor(policy, _page) { KeepsEditorLines = true };
    }

    public static string Print(PolicySyntax policy) => new YamlPrinter(policy).Text();

    private string Text()
    {
        _comments.Reach(_policy.Keyword.Start, 0);
        _comments.Close(_policy.Name.Span.Start, 0);
        Entry(0, YamlKeys.Policy, YamlScalar.Of(_policy.Name.Text));
        _comments.End(_policy.Name.Span);
        if (_policy.Description is { } description)
            Entry(0, YamlKeys.Description, TextLiteral.Yaml(description));
        if (_policy.Zone is { } zone)
            Entry(0, YamlKeys.Zone, TextLiteral.Yaml(zone.Text));
        if (_policy.Target is { } target)
            Condition(0, YamlKeys.For, target);
        _comments.End(_policy.HeadSpan);
        List<List<Section>> groups = Groups();
        int inner = 0;
        for (int i = 0; i < groups.Count; i++)
        {
            int indentation = i == 0 ? 0 : 4;
            for (int n = 0; n < groups[i].Count; n++)
            {
                bool startsGroup = i > 0 && n == 0;
                DeclarationSyntax first = groups[i][n].Items[0];
                _comments.ReachSection(first.Span.Start, first is DeclarationSyntax.Block, i == 1 && n == 0 ? 0 : startsGroup ? 2 : indentation, inner);
                if (i == 1 && n == 0)
                    _page.Add(0, $"{YamlKeys.Then}:", opens: true);
                inner = indentation + 2;
                _page.Add(startsGroup ? 2 : indentation, $"{(startsGroup ? "- " : "")}{groups[i][n].Key}:", opens: true);
                Print(groups[i][n], inner);
            }
        }
        _comments.CloseAll(inner);
        return _page.ToString();
    }

    private void Print(Section section, int inner)
    {
        for (int i = 0; i < section.Items.Count; i++)
        {
            DeclarationSyntax declaration = section.Items[i];
            if (declaration is not DeclarationSyntax.Block)
                _comments.Reach(declaration.Span.Start, inner);
            switch (declaration)
            {
                case DeclarationSyntax.Define define:
                    Condition(inner, YamlScalar.Of(define.Name.Text), define.Condition);
                    break;
                case DeclarationSyntax.Profile profile:
                    Profile(inner, profile);
                    break;
                case DeclarationSyntax.Block block:
                    Block(inner, block);
                    break;
                default:
                    Rule(inner, declaration);
                    break;
            }
            _comments.End(declaration.Span, i + 1 < section.Items.Count ? section.Items[i + 1].Span.Start : int.MaxValue);
        }
    }

    private void Profile(int indentation, DeclarationSyntax.Profile profile)
    {
        _page.Add(indentation, $"{YamlScalar.Of(profile.Name.Text)}:", opens: true);
        Entry(indentation + 2, YamlKeys.Kind, profile.Kind.Name());
        if (profile.Outcome.Profile is null && !HasTwice(profile.Outcome.Fields))
            Fields(indentation + 2, profile.Outcome.Fields);
        else
            Outcome(indentation + 2, profile.Outcome);
    }

    private void Block(int indentation, DeclarationSyntax.Block block)
    {
        if (block.Cases.IsEmpty)
            _page.Extend(" []");
        for (int i = 0; i < block.Cases.Length; i++)
        {
            CaseSyntax item = block.Cases[i];
            _comments.Reach(item.Span.Start, indentation);
            if (item.When is { } when)
                Condition(indentation, $"- {YamlKeys.When}", when);
            else
                _page.Add(indentation, $"- {YamlKeys.Otherwise}:", opens: true);
            int inner = item.When is null ? indentation + 4 : indentation + 2;
            if (item.Answer is AnswerSyntax.Use use)
                Outcome(inner, use.Outcome);
            else if (item.Answer is AnswerSyntax.Deny deny)
                Entry(inner, YamlKeys.Deny, TextLiteral.Yaml(deny.Reason));
            _comments.End(item.Span, i + 1 < block.Cases.Length ? block.Cases[i + 1].Span.Start : int.MaxValue);
        }
        _comments.Close(block.Span.End, indentation);
    }

    private void Rule(int indentation, DeclarationSyntax declaration)
    {
        switch (declaration)
        {
            case DeclarationSyntax.Require require:
                Entry(indentation, $"- {YamlKeys.Require}", YamlScalar.Of(require.Name.Text));
                Entry(indentation + 2, YamlKeys.Kind, require.Kind.Name());
                Outcome(indentation + 2, require.Outcome);
                When(indentation + 2, require.When);
                break;
            case DeclarationSyntax.Forbid forbid:
                Entry(indentation, $"- {YamlKeys.Forbid}", YamlScalar.Of(forbid.Name.Text));
                Entry(indentation + 2, YamlKeys.Kind, forbid.Kind.Name());
                Entry(indentation + 2, YamlKeys.Deny, TextLiteral.Yaml(forbid.Reason));
                When(indentation + 2, forbid.When);
                break;
            case DeclarationSyntax.Waive waive:
                Entry(indentation, $"- {YamlKeys.Waive}", YamlScalar.Of(waive.Demand.Text));
                Condition(indentation + 2, YamlKeys.When, waive.When);
                if (waive.From is { } from)
                    Entry(indentation + 2, YamlKeys.From, YamlScalar.Of(from.Text));
                Entry(indentation + 2, YamlKeys.Until, YamlScalar.Of(waive.Until.Text));
                Entry(indentation + 2, YamlKeys.Because, TextLiteral.Yaml(waive.Because));
                Entry(indentation + 2, YamlKeys.ApprovedBy, TextLiteral.Yaml(waive.ApprovedBy));
                break;
            case DeclarationSyntax.Invariant invariant:
                Entry(indentation, $"- {YamlKeys.Invariant}", TextLiteral.Yaml(invariant.Text));
                Entry(indentation + 2, YamlKeys.Kind, invariant.Kind.Name());
                if (invariant.Outcome is null)
                    Entry(indentation + 2, YamlKeys.Always, YamlKeys.Deny);
                else
                {
                    _page.Add(indentation + 2, $"{YamlKeys.Always}:", opens: true);
                    Outcome(indentation + 4, invariant.Outcome);
                }
                When(indentation + 2, invariant.When);
                break;
            default:
                throw new InvalidOperationException($"no spelling for {declaration.GetType().Name}");
        }
    }

    private void When(int indentation, ConditionSyntax? condition)
    {
        if (condition is not null)
            Condition(indentation, YamlKeys.When, condition);
    }

    private void Outcome(int indentation, OutcomeSyntax outcome)
    {
        if (outcome.Profile is { } profile)
        {
            Entry(indentation, YamlKeys.Use, YamlScalar.Of(profile.Text));
            if (!outcome.Fields.IsEmpty)
                Body(indentation, YamlKeys.With, outcome.Fields);
        }
        else
        {
            Body(indentation, YamlKeys.Use, outcome.Fields);
        }
    }

    private void Body(int indentation, string key, ImmutableArray<FieldSyntax> fields)
    {
        if (fields.IsEmpty)
        {
            Entry(indentation, key, "{}");
            return;
        }
        _page.Add(indentation, $"{key}:", opens: true);
        if (HasTwice(fields))
        {
            Fields(indentation + 4, fields, "- ");
        }
        else
        {
            Fields(indentation + 2, fields);
        }
    }

    private void Fields(int indentation, ImmutableArray<FieldSyntax> fields, string sign = "")
    {
        for (int i = 0; i < fields.Length; i++)
        {
            FieldEntry(indentation, fields[i], sign);
            _comments.End(fields[i].Span, i + 1 < fields.Length ? fields[i + 1].Span.Start : int.MaxValue);
        }
    }

    private void FieldEntry(int indentation, FieldSyntax field, string sign)
    {
        _comments.Reach(field.Span.Start, indentation - sign.Length);
        string key = sign + YamlScalar.Of(field.Name.Text);
        int at = indentation - sign.Length;
        ImmutableArray<string> segments = FieldText.Segments(field);
        if (segments.IsEmpty)
            Entry(at, key, YamlKeys.Alone);
        else if (field is { Within: null, Where: null, Change: ListChange.Replace } && (Lists.Contains(field.Name.Text) || field.Values.Length > 1 || FieldText.Tail(field) == YamlKeys.Alone))
            List(at, key, field.Values, indentation + 2);
        else
            Filled(at, key, YamlScalar.Of(segments));
    }

    /// <summary>In brackets; or, so that a comment stays with its item, an item on each line.</summary>
    private void List(int indentation, string key, ImmutableArray<AtomSyntax> items, int inner)
    {
        if (_comments.Any(items[0].Span.Start, items[^1].Span.Start))
        {
            _page.Add(indentation, $"{key}:", opens: true);
            for (int i = 0; i < items.Length; i++)
            {
                _comments.Close(items[i].Span.Start, inner);
                _page.Add(inner, $"- {(items[i].Text == YamlKeys.Alone ? items[i].Text : YamlScalar.Of(items[i].Text))}");
                if (i + 1 < items.Length)
                    _comments.End(items[i].Span, items[i + 1].Span.Start);
            }
            return;
        }
        Filled(indentation, key,
        [
            .. items.Select((item, i) =>
                (i == 0 ? "[" : "") + (item.Text == YamlKeys.Alone ? item.Text : YamlScalar.Of(item.Text, isInList: true)) + (i + 1 == items.Length ? "]" : ",")),
        ]);
    }

    private void Condition(int indentation, string key, ConditionSyntax condition) => Filled(indentation, key, YamlScalar.Of(ConditionText.Segments(condition)));

    private void Filled(int indentation, string key, ImmutableArray<string> segments)
    {
        IReadOnlyList<string> lines = Page.Fill(segments, indentation + key.Length + 2, indentation + 4);
        for (int i = 0; i < lines.Count; i++)
            _page.Add(i == 0 ? indentation : indentation + 4, i == 0 ? $"{key}: {lines[i]}" : lines[i]);
    }

    private void Entry(int indentation, string key, string value) => _page.Add(indentation, $"{key}: {value}");

    private static bool HasTwice(ImmutableArray<FieldSyntax> fields) =>
        fields.Select(field => field.Name.Text).Distinct().Count() < fields.Length || fields.Any(field => YamlKeys.OfOutcomes.Contains(field.Name.Text));

    /// <summary>The declarations in sections, and these in groups in which no section stands twice and no name in a section.</summary>
    private List<List<Section>> Groups()
    {
        var groups = new List<List<Section>> { new() };
        foreach (DeclarationSyntax declaration in _policy.Declarations)
        {
            (string key, string name) = PlaceOf(declaration);
            List<Section> group = groups[^1];
            if (group.Count > 0 && group[^1].Key == key && name.Length > 0 && group[^1].Names.Add(name))
            {
                group[^1].Items.Add(declaration);
                continue;
            }
            if (group.Any(section => section.Key == key))
                groups.Add([]);
            groups[^1].Add(new Section(key, [name], [declaration]));
        }
        return groups;
    }

    /// <summary>The section of a declaration, and the name that can stand there once; empty where the section is the declaration.</summary>
    private static (string Key, string Name) PlaceOf(DeclarationSyntax declaration) => declaration switch
    {
        DeclarationSyntax.Define define => (YamlKeys.Define, define.Name.Text),
        DeclarationSyntax.Profile profile => (YamlKeys.Profiles, profile.Name.Text),
        DeclarationSyntax.Block block => (block.Kind.Name(), ""),
        _ => (YamlKeys.Rules, $"{declaration.Span.Start}"),
    };

    private sealed record Section(string Key, HashSet<string> Names, List<DeclarationSyntax> Items);
}
