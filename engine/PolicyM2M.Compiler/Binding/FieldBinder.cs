using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>The fields of a body: whether the kind of decision has them, and which values they take.</summary>
internal sealed class FieldBinder(SourceText source, Faults faults)
{
    /// <summary>The fields that one item of a body gives: one, or with <c>revocation … within …</c> two.</summary>
    public IEnumerable<(Field Field, FieldValue Value)> Bind(FieldSyntax syntax, DecisionKind kind, IReadOnlyDictionary<Field, FieldValue> profile)
    {
        string[] names = [.. Field.Of(kind).Where(f => f != Field.RevocationWithin).Select(f => f.Name)];
        Field? field = names.Contains(syntax.Name.Text) ? Field.Find(kind, syntax.Name.Text) : null;
        if (field is null)
        {
            faults.UnknownField(source, syntax.Name, kind, names);
            yield break;
        }

        if (field == Field.Attestation)
        {
            // `attestation within 24h` reads better than `attestation 24h`, and is the only way to write it.
            if (syntax.Values.Length > 0 || syntax.Within is null)
                faults.WrongFieldValue(source, syntax.Values.Length > 0 ? syntax.Values[0].Span : syntax.Name.Span, field, "`within` and a duration such as 24h");
            else if (Duration(field, syntax.Within) is { } evidence)
                yield return (field, evidence);
            yield break;
        }

        if (syntax.Within is { } within)
        {
            if (field != Field.Revocation)
                faults.WrongFieldValue(source, within.Span, field, "no `within`");
            else if (Duration(Field.RevocationWithin, within) is { } status)
                yield return (Field.RevocationWithin, status);
        }
        if (syntax.Where is not null || syntax.Change != ListChange.Replace)
        {
            if (Changed(field, syntax, (profile.GetValueOrDefault(field) as FieldValue.Names)?.Items) is { } list)
                yield return (field, list);
        }
        else if (Value(field, syntax) is { } value)
        {
            yield return (field, value);
        }
    }

    /// <summary>A list made of the profile's, or selected from the registry.</summary>
    private FieldValue.Names? Changed(Field field, FieldSyntax syntax, ImmutableArray<string>? given)
    {
        if (syntax.Where is { } where)
            return new FactSelection(source, field, faults).Select(where, given) is { } selected ? new FieldValue.Names(selected) : null;
        if (given is not { } list || field.Shape is not FieldShape.NameList shape)
        {
            faults.NoListToChange(source, syntax.Span, field.Name);
            return null;
        }
        if (Names(field, shape, syntax) is not { } named)
            return null;
        foreach (AtomSyntax atom in syntax.Values.Where(atom => Meant(field, atom).All(named.Items.Contains)))
        {
            if (syntax.Change == ListChange.Add && Meant(field, atom).All(list.Contains))
                faults.AlreadyInList(source, atom, field.Name);
            else if (syntax.Change == ListChange.Remove && !Meant(field, atom).Any(list.Contains))
                faults.NotInList(source, atom, field.Name, list);
        }
        if (syntax.Change == ListChange.Add)
            return new FieldValue.Names(list.AddRange(named.Items.Except(list)));
        ImmutableArray<string> left = list.RemoveAll(named.Items.Contains);
        if (left.IsEmpty && !shape.MayBeEmpty)
            faults.NothingLeft(source, syntax.Span, field.Name);
        return new FieldValue.Names(left);
    }

    /// <summary>The names that an item stands for: a version without its protocol is that of both.</summary>
    private static ImmutableArray<string> Meant(Field field, AtomSyntax atom) =>
        field == Field.Versions && atom.Text is "1.2" or "1.3" ? [$"TLS{atom.Text}", $"DTLS{atom.Text}"] : [atom.Value];

    private FieldValue? Value(Field field, FieldSyntax syntax)
    {
        if (field == Field.RotateNow && syntax.Values.IsEmpty)
            return ((FieldShape.Ladder)field.Shape).Find("true");
        if (field.Shape is FieldShape.NameList list)
            return Names(field, list, syntax);
        if (syntax.Values is not [var atom])
        {
            faults.WrongFieldValue(source, syntax.Values.IsEmpty ? syntax.Name.Span : syntax.Values[1].Span, field, $"{Expected(field)}, once");
            return null;
        }
        switch (field.Shape)
        {
            case FieldShape.ShortestDuration:
                return Duration(field, atom);
            case FieldShape.Share when atom.Kind == M2MToken.Number && Fraction.TryParse(atom.Text, out Fraction share):
                return new FieldValue.Share(share);
            case FieldShape.Ladder ladder when field != Field.RotateNow && ladder.Find(atom.Text) is { } level:
                return level;
            case FieldShape.Ladder ladder when field != Field.RotateNow && atom.Kind == M2MToken.Name && Spelling.Nearest(atom.Text, ladder.Ranks) is not null:
                faults.UnknownVocabulary(source, atom, $"`{field.Name}`", ladder.Ranks);
                return null;
            default:
                return Wrong(field, atom);
        }
    }

    private FieldValue.Names? Names(Field field, FieldShape.NameList list, FieldSyntax syntax)
    {
        if (syntax.Values.IsEmpty)
        {
            faults.WrongFieldValue(source, syntax.Name.Span, field, Expected(field));
            return null;
        }
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (AtomSyntax atom in syntax.Values)
        {
            ImmutableArray<string> meant = Meant(field, atom);
            bool isKnown = atom.Kind != M2MToken.String && (list.CodePoints is null ? atom.Kind == M2MToken.Name && !Grammar.IsReserved(atom.Text) : meant.All(list.CodePoints.ContainsKey));
            if (!isKnown && list.CodePoints is not null && atom.Kind == M2MToken.Name)
                faults.UnknownVocabulary(source, atom, list.What, [.. list.CodePoints.Keys]);
            else if (!isKnown)
                Wrong(field, atom);
            else if (meant.Any(names.Contains))
                faults.GivenTwice(source, atom.Span, $"`{atom.Text}`");
            else
                names.AddRange(meant);
        }
        return new FieldValue.Names(names.ToImmutable());
    }

    private FieldValue.Duration? Duration(Field field, AtomSyntax atom)
    {
        if (atom.Kind == M2MToken.Number && DurationText.TryParse(atom.Text, out long seconds))
            return new FieldValue.Duration(seconds);
        Wrong(field, atom);
        return null;
    }

    private FieldValue? Wrong(Field field, AtomSyntax atom)
    {
        if (atom.Kind == M2MToken.Number && !LiteralBinder.IsWellFormed(atom.Text))
            faults.MalformedLiteral(source, atom);
        else
            faults.WrongFieldValue(source, atom.Span, field, Expected(field));
        return null;
    }

    private static string Expected(Field field) => field.Shape switch
    {
        _ when field == Field.Versions => "1.2, 1.3, or one of TLS1.2, TLS1.3, DTLS1.2, DTLS1.3",
        _ when field == Field.RotateNow => "no value: it stands alone",
        FieldShape.NameList list => $"{list.What} names, separated by commas",
        FieldShape.ShortestDuration => "a duration such as 12h or 1d30m",
        FieldShape.Share => "a fraction from 0 to 1 such as 2/3 or 10%",
        FieldShape.Ladder ladder => $"one of {string.Join(", ", ladder.Ranks)}",
        _ => "another value",
    };
}
