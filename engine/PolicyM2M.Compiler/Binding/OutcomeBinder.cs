using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>The outcomes of one file: what each says itself, and what it has from a profile.</summary>
internal sealed class OutcomeBinder(SourceText source, IReadOnlyDictionary<string, DeclarationSyntax.Profile> profiles, IReadOnlySet<string> unreadable, Faults faults)
{
    private const int MaximumDepth = 64;

    private readonly FieldBinder _fields = new(source, faults);
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
        OutcomeCheck.Warn(outcome, values, source, faults);
        return Outcome.Allow(kind, values.Select(v => (v.Key, v.Value)));
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
            foreach ((Field field, FieldValue value) in _fields.Bind(syntax, kind, given))
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
}
