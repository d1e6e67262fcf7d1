using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Prints outcomes and their fields as YAML.</summary>
internal sealed class YamlBodies(Page page, YamlEntries entries, CommentCursor comments)
{
    private static readonly ImmutableHashSet<string> Lists =
        [.. DecisionKinds.All.SelectMany(kind => Field.Of(kind)).Where(field => field.Shape is FieldShape.NameList).Select(field => field.Name)];

    /// <summary>What <c>use</c> and <c>with</c> say.</summary>
    /// <param name="indentation">That of the two keys.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="end">Where what it belongs to ends.</param>
    /// <param name="places">Where the entries of what it belongs to stand.</param>
    public void Print(int indentation, OutcomeSyntax outcome, int end, ImmutableArray<EntryPlace> places)
    {
        if (outcome.Profile is { } profile)
        {
            comments.ReachEntry(places, YamlKeys.Use, indentation);
            entries.Add(indentation, YamlKeys.Use, YamlScalar.Of(profile.Text));
            comments.EndEntry(places, YamlKeys.Use);
            if (!outcome.Fields.IsEmpty)
                Body(indentation, YamlKeys.With, outcome.Fields, end, places);
        }
        else
        {
            Body(indentation, YamlKeys.Use, outcome.Fields, end, places);
        }
    }

    /// <summary>What a profile gives: its fields stand beside its kind where no key can be meant by two of them.</summary>
    /// <param name="indentation">That of the fields.</param>
    /// <param name="profile">The profile.</param>
    public void Print(int indentation, DeclarationSyntax.Profile profile)
    {
        if (profile.Outcome.Profile is null && !HasTwice(profile.Outcome.Fields))
            Fields(indentation, profile.Outcome.Fields, profile.Span.End);
        else
            Print(indentation, profile.Outcome, profile.Span.End, profile.Entries);
    }

    private void Body(int indentation, string key, ImmutableArray<FieldSyntax> fields, int end, ImmutableArray<EntryPlace> places)
    {
        comments.ReachEntry(places, key, indentation);
        if (fields.IsEmpty)
        {
            entries.Add(indentation, key, "{}");
            comments.EndEntry(places, key);
            return;
        }
        page.Add(indentation, $"{key}:", opens: true);
        comments.EndEntry(places, key, fields[0].Span.Start);
        if (HasTwice(fields))
            Fields(indentation + 4, fields, end, "- ");
        else
            Fields(indentation + 2, fields, end);
    }

    private void Fields(int indentation, ImmutableArray<FieldSyntax> fields, int end, string sign = "")
    {
        for (int i = 0; i < fields.Length; i++)
        {
            FieldEntry(indentation, fields[i], sign);
            comments.End(fields[i].Span, i + 1 < fields.Length ? fields[i + 1].Span.Start : comments.HasLayout ? comments.EndOf(fields, end) : int.MaxValue);
        }
        if (!fields.IsEmpty)
            comments.Close(comments.EndOf(fields, end), indentation);
    }

    private void FieldEntry(int indentation, FieldSyntax field, string sign)
    {
        comments.Reach(field.Span.Start, indentation - sign.Length);
        string key = sign + YamlScalar.Of(field.Name.Text);
        int at = indentation - sign.Length;
        ImmutableArray<string> segments = FieldText.Segments(field);
        if (segments.IsEmpty)
            entries.Add(at, key, YamlKeys.Alone);
        else if (field is { Within: null, Where: null, Change: ListChange.Replace } && (Lists.Contains(field.Name.Text) || field.Values.Length > 1 || FieldText.Tail(field) == YamlKeys.Alone))
            List(at, key, field.Values, indentation + 2);
        else
            entries.Fill(at, key, YamlScalar.Of(segments));
    }

    /// <summary>In brackets; or, so that a comment stays with its item, an item on each line.</summary>
    private void List(int indentation, string key, ImmutableArray<AtomSyntax> items, int inner)
    {
        if (comments.Any(items[0].Span.Start, items[^1].Span.Start))
        {
            page.Add(indentation, $"{key}:", opens: true);
            for (int i = 0; i < items.Length; i++)
            {
                comments.Close(items[i].Span.Start, inner);
                page.Add(inner, $"- {(items[i].Text == YamlKeys.Alone ? items[i].Text : YamlScalar.Of(items[i].Text))}");
                if (i + 1 < items.Length)
                    comments.End(items[i].Span, items[i + 1].Span.Start);
            }
            return;
        }
        entries.Fill(indentation, key,
        [
            .. items.Select((item, i) =>
                (i == 0 ? "[" : "") + (item.Text == YamlKeys.Alone ? item.Text : YamlScalar.Of(item.Text, isInList: true)) + (i + 1 == items.Length ? "]" : ",")),
        ]);
    }

    private static bool HasTwice(ImmutableArray<FieldSyntax> fields) =>
        fields.Select(field => field.Name.Text).Distinct().Count() < fields.Length || fields.Any(field => YamlKeys.OfOutcomes.Contains(field.Name.Text));
}
