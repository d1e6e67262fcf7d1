using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>Checks the outcomes of one file: which fields they give, and with which values.</summary>
internal sealed class OutcomeBinder(SourceText source, IReadOnlyDictionary<string, DeclarationSyntax.Profile> profiles, IReadOnlySet<string> unreadable, Faults faults)
{
    private const int MaximumDepth = 64;

    private readonly Dictionary<string, Outcome> _bound = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);

    public Outcome Bind(OutcomeSyntax outcome, DecisionKind kind)
    {
        Dictionary<Field, FieldValue> values = [];
        if (outcome.Profile is { } profile)
        {
            foreach ((Field field, FieldValue value) in Base(profile, kind).Values)
                values[field] = value;
        }
        foreach ((Field field, FieldValue value) in Fields(outcome.Fields, kind, values))
            values[field] = value;
        CheckWindows(outcome, values);
        CheckVersions(outcome, values);
        return Outcome.Allow(kind, values.Select(v => (v.Key, v.Value)));
    }

    /// <summary>The windows are looked at together, wherever each comes from; a profile's own fault is reported at the profile.</summary>
    private void CheckWindows(OutcomeSyntax outcome, Dictionary<Field, FieldValue> values)
    {
        FieldSyntax? own = outcome.Fields.FirstOrDefault(field => field.Name.Text == Field.FreshFor.Name)
            ?? outcome.Fields.FirstOrDefault(field => field.Name.Text == Field.UsableFor.Name);
        if (own is not null && values.GetValueOrDefault(Field.FreshFor) is FieldValue.Duration fresh && values.GetValueOrDefault(Field.UsableFor) is FieldValue.Duration usable
            && fresh.Seconds > usable.Seconds)
        {
            faults.FreshLongerThanUsable(source, own.Name.Span, fresh.ToString(), usable.ToString());
        }
    }

    /// <summary>A suite is one of TLS 1.3 or one of the versions before (RFC 8446, section 4.1.2): which, the registry's table says.</summary>
    private void CheckVersions(OutcomeSyntax outcome, Dictionary<Field, FieldValue> values)
    {
        FieldSyntax? own = outcome.Fields.FirstOrDefault(field => field.Name.Text == Field.Suites.Name)
            ?? outcome.Fields.FirstOrDefault(field => field.Name.Text == Field.Versions.Name);
        if (own is null || values.GetValueOrDefault(Field.Versions) is not FieldValue.Names { Items: { IsEmpty: false } versions }
            || values.GetValueOrDefault(Field.Suites) is not FieldValue.Names { Items: { IsEmpty: false } suites })
        {
            return;
        }
        // Where a name is a fault of its own, the lists are not those that were meant.
        if (outcome.Fields.Any(field => (field.Name.Text == Field.Suites.Name && !field.Values.All(suite => TlsRegistry.CipherSuites.ContainsKey(suite.Text)))
            || (field.Name.Text == Field.Versions.Name && !field.Values.All(version => version.Text is "1.2" or "1.3" || version.Kind == M2MToken.Name && IsVersion(version.Text)))))
        {
            return;
        }
        bool areVersionsNew = versions.All(IsNew), areVersionsOld = !versions.Any(IsNew);
        CipherSuite[] known = [.. suites.Where(TlsRegistry.CipherSuites.ContainsKey).Select(name => TlsRegistry.CipherSuites[name])];
        if (known.Length == suites.Length && ((areVersionsOld && known.All(suite => suite.Tls13)) || (areVersionsNew && !known.Any(suite => suite.Tls13))))
            faults.VersionsWithoutSuites(source, own.Name, areSuitesNew: areVersionsOld);

        static bool IsNew(string version) => version is "TLS1.3" or "DTLS1.3";
        static bool IsVersion(string version) => Field.Versions.Shape is FieldShape.NameList { CodePoints: { } known } && known.ContainsKey(version);
    }

    /// <summary>What a profile gives, worked out once however often it is named.</summary>
    public Outcome Profile(DeclarationSyntax.Profile profile, NameSyntax use)
    {
        if (_bound.TryGetValue(profile.Name.Text, out Outcome? bound))
            return bound;
        if (!_open.Add(profile.Name.Text))
        {
            faults.RefersToItself(source, use, "profile");
            return Outcome.Allow(profile.Kind, []);
        }
        if (_open.Count > MaximumDepth)
        {
            faults.TooDeep(source, use.Span, MaximumDepth, "one profile is built on another too often: write the first of them out");
            bound = Outcome.Allow(profile.Kind, []);
        }
        else
        {
            bound = Bind(profile.Outcome, profile.Kind);
        }
        _open.Remove(profile.Name.Text);
        return _bound[profile.Name.Text] = bound;
    }

    private Outcome Base(NameSyntax name, DecisionKind kind)
    {
        if (!profiles.TryGetValue(name.Text, out DeclarationSyntax.Profile? profile))
        {
            if (!unreadable.Contains(name.Text))
                faults.UnknownProfile(source, name, profiles.Keys);
        }
        else if (profile.Kind != kind)
        {
            faults.ProfileOfOtherKind(source, name, profile.Kind, kind);
        }
        else
        {
            return Profile(profile, name);
        }
        return Outcome.Allow(kind, []);
    }

    private Dictionary<Field, FieldValue> Fields(ImmutableArray<FieldSyntax> fields, DecisionKind kind, IReadOnlyDictionary<Field, FieldValue> profile)
    {
        var values = new Dictionary<Field, FieldValue>();
        var given = new Dictionary<Field, FieldValue>(profile);
        var changes = new HashSet<(string Field, string Sign)>();
        foreach (FieldSyntax syntax in fields)
        {
            string sign = SignOf(syntax);
            // Changes of one list are made one after the other; a second of the same sign, or one beside the list itself, is a slip.
            bool goesOn = sign.Length > 0 && changes.All(change => change.Field != syntax.Name.Text || (change.Sign.Length > 0 && change.Sign != sign));
            changes.Add((syntax.Name.Text, sign));
            foreach ((Field field, FieldValue value) in Item(syntax, kind, given))
            {
                if (!values.TryAdd(field, value) && !goesOn && field != Field.RevocationWithin)
                    faults.GivenTwice(source, syntax.Name.Span, $"the field `{syntax.Name.Text}`");
                if (goesOn)
                    given[field] = values[field] = value;
            }
        }
        return values;
    }

    /// <summary>How a field changes the list that is there; empty where it gives the list itself.</summary>
    private static string SignOf(FieldSyntax field) => field.Where is not null ? "where" : field.Change switch { ListChange.Add => "+", ListChange.Remove => "-", _ => "" };

    /// <summary>The fields that one item of a body gives: one, or with <c>revocation … within …</c> two.</summary>
    private IEnumerable<(Field Field, FieldValue Value)> Item(FieldSyntax syntax, DecisionKind kind, IReadOnlyDictionary<Field, FieldValue> profile)
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
            bool isKnown = list.CodePoints is null ? atom.Kind == M2MToken.Name : meant.All(list.CodePoints.ContainsKey);
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
