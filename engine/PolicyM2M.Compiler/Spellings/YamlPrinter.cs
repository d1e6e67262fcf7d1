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
            _entries.Add(0, YamlKeys.Description, TextLiteral.Yaml(description));
        if (_policy.Zone is { } zone)
            _entries.Add(0, YamlKeys.Zone, TextLiteral.Yaml(zone.Text));
        if (_policy.Target is { } target)
            _entries.Condition(0, YamlKeys.For, target);
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
        _entries.Add(indentation + 2, YamlKeys.Kind, profile.Kind.Name());
        _bodies.Print(indentation + 2, profile);
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
                _entries.Condition(indentation, $"- {YamlKeys.When}", when);
            else
                _page.Add(indentation, $"- {YamlKeys.Otherwise}:", opens: true);
            int inner = item.When is null ? indentation + 4 : indentation + 2;
            if (item.Answer is AnswerSyntax.Use use)
                _bodies.Print(inner, use.Outcome, item.Span.End);
            else if (item.Answer is AnswerSyntax.Deny deny)
                _entries.Add(inner, YamlKeys.Deny, TextLiteral.Yaml(deny.Reason));
            _comments.End(item.Span, i + 1 < block.Cases.Length ? block.Cases[i + 1].Span.Start : int.MaxValue);
        }
        _comments.Close(_comments.EndOf(block), indentation);
    }

    private void Rule(int indentation, DeclarationSyntax declaration)
    {
        switch (declaration)
        {
            case DeclarationSyntax.Require require:
                _entries.Add(indentation, $"- {YamlKeys.Require}", YamlScalar.Of(require.Name.Text));
                _entries.Add(indentation + 2, YamlKeys.Kind, require.Kind.Name());
                _bodies.Print(indentation + 2, require.Outcome, require.Span.End);
                When(indentation + 2, require.When);
                break;
            case DeclarationSyntax.Forbid forbid:
                _entries.Add(indentation, $"- {YamlKeys.Forbid}", YamlScalar.Of(forbid.Name.Text));
                _entries.Add(indentation + 2, YamlKeys.Kind, forbid.Kind.Name());
                _entries.Add(indentation + 2, YamlKeys.Deny, TextLiteral.Yaml(forbid.Reason));
                When(indentation + 2, forbid.When);
                break;
            case DeclarationSyntax.Waive waive:
                _entries.Add(indentation, $"- {YamlKeys.Waive}", YamlScalar.Of(waive.Demand.Text));
                _entries.Condition(indentation + 2, YamlKeys.When, waive.When);
                if (waive.From is { } from)
                    _entries.Add(indentation + 2, YamlKeys.From, YamlScalar.Of(from.Text));
                _entries.Add(indentation + 2, YamlKeys.Until, YamlScalar.Of(waive.Until.Text));
                _entries.Add(indentation + 2, YamlKeys.Because, TextLiteral.Yaml(waive.Because));
                _entries.Add(indentation + 2, YamlKeys.ApprovedBy, TextLiteral.Yaml(waive.ApprovedBy));
                break;
            case DeclarationSyntax.Invariant invariant:
                _entries.Add(indentation, $"- {YamlKeys.Invariant}", TextLiteral.Yaml(invariant.Text));
                _entries.Add(indentation + 2, YamlKeys.Kind, invariant.Kind.Name());
                if (invariant.Outcome is null)
                    _entries.Add(indentation + 2, YamlKeys.Always, YamlKeys.Deny);
                else
                {
                    _page.Add(indentation + 2, $"{YamlKeys.Always}:", opens: true);
                    _bodies.Print(indentation + 4, invariant.Outcome, invariant.Span.End);
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
            _entries.Condition(indentation, YamlKeys.When, condition);
    }
}
