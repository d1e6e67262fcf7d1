using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>
/// Prints a policy as YAML, canonically. Sections stand in the order of the declarations; where a section would have to stand twice a
/// new group begins under <c>then</c>. Comments and empty lines between items are kept.
/// </summary>
internal sealed class YamlPrinter
{
    private readonly PolicySyntax _policy;
    private readonly Page _page = new("#", aligns: false);
    private readonly CommentCursor _comments;
    private readonly YamlEntries _entries;
    private readonly YamlBodies _bodies;

    private YamlPrinter(PolicySyntax policy)
    {
        _policy = policy;
        _comments = new CommentCursor(policy, _page) { KeepsEditorLines = true };
        _entries = new YamlEntries(_page);
        _bodies = new YamlBodies(_page, _entries, _comments);
    }

    public static string Print(PolicySyntax policy) => new YamlPrinter(policy).Text();

    private string Text()
    {
        _comments.Reach(_policy.Keyword.Start, 0);
        _comments.Close(_policy.Name.Span.Start, 0);
        _entries.Add(0, YamlKeys.Policy, YamlScalar.Of(_policy.Name.Text));
        _comments.End(_policy.Name.Span);
        if (_policy.Description is { } description)
            Entry(_policy.Entries, YamlKeys.Description, 0, TextLiteral.Yaml(description));
        if (_policy.Zone is { } zone)
            Entry(_policy.Entries, YamlKeys.Zone, 0, TextLiteral.Yaml(zone.Text));
        if (_policy.Target is { } target)
            Condition(_policy.Entries, YamlKeys.For, 0, target);
        _comments.End(_policy.HeadSpan);
        List<List<YamlSection>> groups = YamlSection.Groups(_policy.Declarations);
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

    private void Print(YamlSection section, int inner)
    {
        for (int i = 0; i < section.Items.Count; i++)
        {
            DeclarationSyntax declaration = section.Items[i];
            if (declaration is not DeclarationSyntax.Block)
                _comments.Reach(declaration.Span.Start, inner);
            switch (declaration)
            {
                case DeclarationSyntax.Define define:
                    _entries.Condition(inner, YamlScalar.Of(define.Name.Text), define.Condition);
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
        if (!profile.Entries.IsEmpty)
            _comments.End(profile.Name.Span, profile.Entries.Select(entry => entry.Span).Concat(profile.Outcome.Fields.Select(field => field.Span)).Min(span => span.Start));
        Entry(profile.Entries, YamlKeys.Kind, indentation + 2, profile.Kind.Name());
        _bodies.Print(indentation + 2, profile);
    }

    private void Block(int indentation, DeclarationSyntax.Block block)
    {
        if (block.Cases.IsEmpty)
            _page.Extend(" []");
        if (!_comments.HasLayout)
            _comments.End(block.Keyword, block.Cases.IsEmpty ? int.MaxValue : block.Cases[0].Span.Start);
        for (int i = 0; i < block.Cases.Length; i++)
        {
            CaseSyntax item = block.Cases[i];
            _comments.Reach(item.Span.Start, indentation);
            if (item.When is { } when)
                Condition(item.Entries, YamlKeys.When, indentation, when, sign: "- ");
            else
            {
                _page.Add(indentation, $"- {YamlKeys.Otherwise}:", opens: true);
                _comments.EndEntry(item.Entries, YamlKeys.Otherwise);
            }
            int inner = item.When is null ? indentation + 4 : indentation + 2;
            if (item.Answer is AnswerSyntax.Use use)
                _bodies.Print(inner, use.Outcome, item.Span.End, item.Entries);
            else if (item.Answer is AnswerSyntax.Deny deny)
                Entry(item.Entries, YamlKeys.Deny, inner, TextLiteral.Yaml(deny.Reason));
            _comments.End(item.Span, i + 1 < block.Cases.Length ? block.Cases[i + 1].Span.Start : int.MaxValue);
        }
        _comments.Close(_comments.EndOf(block), indentation);
    }

    private void Rule(int indentation, DeclarationSyntax declaration)
    {
        ImmutableArray<EntryPlace> places = declaration.Entries;
        int inner = indentation + 2;
        switch (declaration)
        {
            case DeclarationSyntax.Require require:
                Entry(places, YamlKeys.Require, indentation, YamlScalar.Of(require.Name.Text), sign: "- ");
                Entry(places, YamlKeys.Kind, inner, require.Kind.Name());
                _bodies.Print(inner, require.Outcome, require.Span.End, places);
                When(places, inner, require.When);
                break;
            case DeclarationSyntax.Forbid forbid:
                Entry(places, YamlKeys.Forbid, indentation, YamlScalar.Of(forbid.Name.Text), sign: "- ");
                Entry(places, YamlKeys.Kind, inner, forbid.Kind.Name());
                Entry(places, YamlKeys.Deny, inner, TextLiteral.Yaml(forbid.Reason));
                When(places, inner, forbid.When);
                break;
            case DeclarationSyntax.Waive waive:
                Entry(places, YamlKeys.Waive, indentation, YamlScalar.Of(waive.Demand.Text), sign: "- ");
                When(places, inner, waive.When);
                if (waive.From is { } from)
                    Entry(places, YamlKeys.From, inner, YamlScalar.Of(from.Text));
                Entry(places, YamlKeys.Until, inner, YamlScalar.Of(waive.Until.Text));
                Entry(places, YamlKeys.Because, inner, TextLiteral.Yaml(waive.Because));
                Entry(places, YamlKeys.ApprovedBy, inner, TextLiteral.Yaml(waive.ApprovedBy));
                break;
            case DeclarationSyntax.Invariant invariant:
                Entry(places, YamlKeys.Invariant, indentation, TextLiteral.Yaml(invariant.Text), sign: "- ");
                Entry(places, YamlKeys.Kind, inner, invariant.Kind.Name());
                if (invariant.Outcome is null)
                    Entry(places, YamlKeys.Always, inner, YamlKeys.Deny);
                else
                {
                    _comments.ReachEntry(places, YamlKeys.Always, inner);
                    _page.Add(inner, $"{YamlKeys.Always}:", opens: true);
                    _comments.EndEntry(places, YamlKeys.Always);
                    _bodies.Print(indentation + 4, invariant.Outcome, invariant.Span.End, places);
                }
                When(places, inner, invariant.When);
                break;
            default:
                throw new InvalidOperationException($"no spelling for {declaration.GetType().Name}");
        }
    }

    private void When(ImmutableArray<EntryPlace> places, int indentation, ConditionSyntax? condition)
    {
        if (condition is not null)
            Condition(places, YamlKeys.When, indentation, condition);
    }

    /// <summary>An entry with the comments before it, and behind it on its line.</summary>
    private void Entry(ImmutableArray<EntryPlace> places, string key, int indentation, string value, string sign = "")
    {
        _comments.ReachEntry(places, key, indentation);
        _entries.Add(indentation, sign + key, value);
        _comments.EndEntry(places, key);
    }

    private void Condition(ImmutableArray<EntryPlace> places, string key, int indentation, ConditionSyntax condition, string sign = "")
    {
        _comments.ReachEntry(places, key, indentation);
        _entries.Condition(indentation, sign + key, condition);
        _comments.EndEntry(places, key);
    }
}
