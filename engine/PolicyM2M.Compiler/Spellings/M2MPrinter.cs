using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>
/// Prints a policy as <c>.m2m</c>, canonically: what is printed prints as itself. Of the author's layout it keeps the comments, empty lines
/// (one at a place), and which fields and items begin a line in a body that has several.
/// </summary>
internal sealed class M2MPrinter
{
    /// <summary>A condition longer than this does not move the answers of its block to the right.</summary>
    private const int LongestAligned = 80;

    private readonly PolicySyntax _policy;
    private readonly Page _page = new("//", aligns: true);
    private readonly CommentCursor _comments;
    private readonly M2MBodies _bodies;

    private M2MPrinter(PolicySyntax policy)
    {
        _policy = policy;
        _comments = new CommentCursor(policy, _page);
        _bodies = new M2MBodies(_page, _comments);
    }

    public static string Print(PolicySyntax policy) => new M2MPrinter(policy).Text();

    private string Text()
    {
        _comments.Reach(_policy.Keyword.Start, 0);
        _comments.Close(_policy.Name.Span.Start, 0);
        string head = $"policy {_policy.Name.Text}{(_policy.Description is { } description ? $" {TextLiteral.M2M(description)}" : "")}{(_policy.Zone is { } zone ? $" zone {zone.Text}" : "")}";
        WithCondition(head, "for", _policy.Target);
        _comments.End(_policy.HeadSpan);
        ImmutableArray<DeclarationSyntax> all = _policy.Declarations;
        for (int i = 0; i < all.Length;)
        {
            int end = i + 1;
            while (end < all.Length && IsOneRun(all[end - 1], all[end]))
                end++;
            int width = all[i..end].Max(declaration => NameOf(declaration).Length);
            for (; i < end; i++)
            {
                if (i == 0 || (!_comments.HasLayout && IsApart(all[i - 1], all[i])))
                    _page.Blank();
                _comments.Reach(all[i].Span.Start, 0);
                _comments.Above(HeadEndOf(all[i]), 0);
                Declaration(all[i], width);
                _comments.End(all[i].Span, i + 1 < all.Length ? all[i + 1].Span.Start : int.MaxValue);
            }
        }
        _comments.Close(int.MaxValue, 0);
        return _page.ToString();
    }

    private void Declaration(DeclarationSyntax declaration, int width)
    {
        switch (declaration)
        {
            case DeclarationSyntax.Define define:
                Condition($"define {define.Name.Text.PadRight(width)} = ", 0, 4, define.Condition);
                break;
            case DeclarationSyntax.Profile profile:
                string sign = profile.Outcome.Profile is { } other ? $" = {other.Text}{(profile.Outcome.Fields.IsEmpty ? "" : " with")}" : "";
                string head = $"profile {profile.Name.Text} : {profile.Kind.Name()}{sign}";
                if (profile.Outcome.Profile is not null && profile.Outcome.Fields.IsEmpty)
                    _page.Add(0, head);
                else
                    _bodies.Print(0, head, profile.Outcome.Fields, profile.Span.End, isLong: true);
                break;
            case DeclarationSyntax.Block block:
                Block(block);
                break;
            case DeclarationSyntax.Require require:
                Require(require, width);
                break;
            case DeclarationSyntax.Forbid forbid:
                WithCondition($"forbid {forbid.Name.Text.PadRight(width)} : {forbid.Kind.Name()} {TextLiteral.M2M(forbid.Reason)}", "when", forbid.When);
                break;
            case DeclarationSyntax.Waive waive:
                Waive(waive);
                break;
            case DeclarationSyntax.Invariant invariant:
                Demand($"invariant {TextLiteral.M2M(invariant.Text)} : {invariant.Kind.Name()} always", invariant.Outcome, invariant.When, invariant.Span);
                break;
            default:
                throw new InvalidOperationException($"no spelling for {declaration.GetType().Name}");
        }
    }

    private void Waive(DeclarationSyntax.Waive waive)
    {
        WithCondition($"waive {waive.Demand.Text}", "when", waive.When);
        _page.Add(2, $"{(waive.From is { } from ? $"from {from.Text} " : "")}until {waive.Until.Text}");
        _page.Add(2, $"because {TextLiteral.M2M(waive.Because)} approved-by {TextLiteral.M2M(waive.ApprovedBy)}");
    }

    /// <summary>Where one line has no room for the alignment of the name, there is none.</summary>
    private void Require(DeclarationSyntax.Require require, int width)
    {
        string aligned = $"require {require.Name.Text.PadRight(width)} : {require.Kind.Name()}";
        Demand(OneLine(aligned, require.Outcome, require.Span) is null ? Opening(require) : aligned, require.Outcome, require.When, require.Span);
    }

    private static string Opening(DeclarationSyntax.Require require) => $"require {require.Name.Text} : {require.Kind.Name()}";

    /// <summary>What is demanded of outcomes, and when; without an outcome it is a denial.</summary>
    private void Demand(string opening, OutcomeSyntax? outcome, ConditionSyntax? when, Span span)
    {
        string head = opening + (outcome is null ? " deny" : M2MBodies.Opening(outcome));
        string close = "";
        if (outcome is null || !M2MBodies.NeedsBody(outcome))
            close = head;
        else if (OneLine(opening, outcome, span) is { } line)
            close = line;
        else
            _bodies.Print(0, head, outcome.Fields, span.End, isLong: true);
        if (close.Length > 0)
            WithCondition(close, "when", when);
        else if (when is not null)
            Condition(" when ", 1, 4, when, isBehind: true);
    }

    private void Block(DeclarationSyntax.Block block)
    {
        _page.Add(0, $"{block.Kind.Name()} {{", opens: true);
        string[] conditions = [.. block.Cases.Select(item => item.When is { } when ? $"when {ConditionText.Of(when)}" : "otherwise")];
        bool[] standAlone = [.. block.Cases.Select((item, i) => conditions[i].Length > LongestAligned || (item.When is { } when && IsCommented(when)))];
        int column = conditions.Where((_, i) => !standAlone[i]).Select(condition => condition.Length).DefaultIfEmpty(0).Max();
        for (int i = 0; i < block.Cases.Length; i++)
        {
            _comments.Reach(block.Cases[i].Span.Start, 2);
            Case(block.Cases[i], standAlone[i] ? null : conditions[i], column);
            _comments.End(block.Cases[i].Span, i + 1 < block.Cases.Length ? block.Cases[i + 1].Span.Start : _comments.HasLayout ? block.Span.End : int.MaxValue);
        }
        _comments.Close(_comments.EndOf(block), 2);
        _page.Add(0, "}");
    }

    /// <param name="item">The case.</param>
    /// <param name="condition">What stands before the answer on its line; null where the condition stands on lines of its own above it.</param>
    /// <param name="column">Where the answers of the block begin.</param>
    private void Case(CaseSyntax item, string? condition, int column)
    {
        if (condition is null)
            Condition("when ", 2, 6, item.When!);
        string head = (condition?.PadRight(column) ?? "") + "  ";
        switch (item.Answer)
        {
            case AnswerSyntax.Deny deny:
                _page.Add(2, $"{head}deny {TextLiteral.M2M(deny.Reason)}");
                break;
            case AnswerSyntax.Use use when M2MBodies.NeedsBody(use.Outcome):
                _bodies.Print(2, $"{head}use{M2MBodies.Opening(use.Outcome)}", use.Outcome.Fields, item.Span.End, isLong: false, inner: head.Length + 2);
                break;
            case AnswerSyntax.Use use:
                _page.Add(2, $"{head}use{M2MBodies.Opening(use.Outcome)}");
                break;
        }
    }

    /// <summary>A line, and at its end a condition; under it where the line would be too long.</summary>
    private void WithCondition(string line, string word, ConditionSyntax? condition)
    {
        if (condition is null)
            _page.Add(0, line);
        else if ($"{line} {word} {ConditionText.Of(condition)}" is { Length: <= Page.Width } all && !IsCommented(condition))
            _page.Add(0, all);
        else
        {
            _page.Add(0, line);
            Condition($"{word} ", 2, 6, condition);
        }
    }

    /// <summary>A condition on lines of its own: filled; but where the author commented parts of it, broken as the author did, so that a comment stays with what it is about.</summary>
    /// <param name="head">What stands before it.</param>
    /// <param name="first">The indentation of its first line; with <paramref name="isBehind"/> what stands on that line already.</param>
    /// <param name="rest">The indentation of the other lines.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="isBehind">Whether it begins at the end of the last line.</param>
    private void Condition(string head, int first, int rest, ConditionSyntax condition, bool isBehind = false)
    {
        ImmutableArray<ConditionSegment> segments = ConditionText.Placed(condition);
        bool keepsLines = IsCommented(condition);
        var line = new List<string>();
        for (int i = 0; i < segments.Length; i++)
        {
            line.Add(segments[i].Text);
            bool isLast = i + 1 == segments.Length;
            if (!isLast && !(keepsLines && _comments.LineOf(segments[i].Place.End - 1) != _comments.LineOf(segments[i + 1].Place.Start)))
                continue;
            foreach (string filled in Page.Fill(line, first + head.Length, rest))
            {
                if (isBehind)
                    _page.Extend(head + filled);
                else
                    _page.Add(first, head + filled);
                (head, first, isBehind) = ("", rest, false);
            }
            line.Clear();
            if (!isLast)
            {
                _comments.End(segments[i].Place, segments[i + 1].Place.Start);
                _comments.Close(segments[i + 1].Place.Start, rest);
            }
        }
    }

    private bool IsCommented(ConditionSyntax condition)
    {
        ImmutableArray<ConditionSegment> segments = ConditionText.Placed(condition);
        return Enumerable.Range(1, segments.Length - 1).Any(i => IsCommented(segments[i - 1], segments[i]));
    }

    /// <summary>Whether comments stand between two parts. In YAML they do not: what stands there belongs to the text of the condition.</summary>
    private bool IsCommented(ConditionSegment part, ConditionSegment next) => _comments.HasLayout && _comments.Any(part.Place.End, next.Place.Start);

    /// <summary>Whether the two stand on adjacent lines, so that their signs are aligned.</summary>
    private bool IsOneRun(DeclarationSyntax one, DeclarationSyntax next) =>
        one.GetType() == next.GetType() && NameOf(next).Length > 0 && IsOneLine(one) && IsOneLine(next) && !HasCommentedCondition(one) && !HasCommentedCondition(next)
        && !_comments.IsAfterBlank(next.Span.Start) && !_comments.TakeLines(HeadEndOf(one), next.Span.Start) && !_comments.Any(next.Span.Start, HeadEndOf(next));

    /// <summary>What is commented before this place of a declaration on one line goes above it: its condition begins here, or else it ends. In YAML each part has a line of its own.</summary>
    private int HeadEndOf(DeclarationSyntax declaration) => declaration switch
    {
        _ when !_comments.HasLayout => declaration.Span.Start,
        DeclarationSyntax.Define define => define.Condition.Span.Start,
        DeclarationSyntax.Require require when IsOneLine(require) => require.When?.Span.Start ?? require.Span.End,
        DeclarationSyntax.Forbid forbid => forbid.When?.Span.Start ?? forbid.Span.End,
        _ => declaration.Span.Start,
    };

    private bool HasCommentedCondition(DeclarationSyntax declaration) => declaration switch
    {
        DeclarationSyntax.Define define => IsCommented(define.Condition),
        DeclarationSyntax.Require { When: { } when } => IsCommented(when),
        DeclarationSyntax.Forbid { When: { } when } => IsCommented(when),
        _ => false,
    };

    private bool IsOneLine(DeclarationSyntax declaration) => declaration is not DeclarationSyntax.Require require || OneLine(require) is not null;

    /// <summary>Whether an empty line stands between the two where the source, being YAML, says nothing of it.</summary>
    private bool IsApart(DeclarationSyntax one, DeclarationSyntax next) => one.GetType() != next.GetType() || !IsOneLine(one) || !IsOneLine(next)
        || one is DeclarationSyntax.Profile or DeclarationSyntax.Block or DeclarationSyntax.Waive;

    private string? OneLine(DeclarationSyntax.Require require) => OneLine(Opening(require), require.Outcome, require.Span);

    /// <summary>What is demanded, on one line; null where the author gave it several, or where it would be too long.</summary>
    private string? OneLine(string opening, OutcomeSyntax outcome, Span span)
    {
        if (M2MBodies.NeedsBody(outcome) && !_bodies.IsOneLine(outcome.Fields, span.End))
            return null;
        string text = $"{opening}{M2MBodies.Opening(outcome)}{(M2MBodies.NeedsBody(outcome) ? $" {M2MBodies.OneLine(outcome.Fields)}" : "")}";
        return text.Length <= Page.Width ? text : null;
    }

    /// <summary>The name whose width is aligned with that of its neighbours.</summary>
    private static string NameOf(DeclarationSyntax declaration) => declaration switch
    {
        DeclarationSyntax.Define define => define.Name.Text,
        DeclarationSyntax.Require require => require.Name.Text,
        DeclarationSyntax.Forbid forbid => forbid.Name.Text,
        _ => "",
    };
}
