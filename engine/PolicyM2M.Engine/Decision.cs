using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine;

/// <summary>An answer: the outcome, and the rules that determined it. Immutable, shared by all threads.</summary>
public sealed class Decision
{
    private ImmutableArray<Rule>[]? _determining;

    internal Decision(Outcome outcome, ImmutableArray<Rule> rules)
    {
        Outcome = outcome;
        Rules = rules;
        FreshFor = Window(outcome, Field.FreshFor);
        UsableFor = Window(outcome, Field.UsableFor);
        if (FreshFor > UsableFor)
            FreshFor = UsableFor;
    }

    /// <summary>The kind of decision.</summary>
    public DecisionKind Kind => Outcome.Kind;

    /// <summary>What was decided.</summary>
    public Outcome Outcome { get; }

    /// <summary>
    /// The rules that determined it, in the order of the manifest: all that applied, or for a denial those that deny or
    /// that leave a field without a possible value.
    /// </summary>
    public ImmutableArray<Rule> Rules { get; }

    /// <summary>How long after it was made the decision is fresh; never longer than <see cref="UsableFor"/>.</summary>
    public TimeSpan FreshFor { get; }

    /// <summary>How long after it was made the decision may be used while the decision point cannot be reached.</summary>
    public TimeSpan UsableFor { get; }

    /// <summary>
    /// The rules that determined one field: those that state the value it came to, or for a list all that state it. Where <c>fresh-for</c> is cut short because the decision may
    /// not be used for longer,
    /// these are the rules of <c>usable-for</c>.
    /// </summary>
    public ImmutableArray<Rule> Determining(Field field)
    {
        ArgumentNullException.ThrowIfNull(field);
        // Found out when first asked for, and then kept with the decision, which is shared.
        ImmutableArray<Rule>[] determining = _determining ??= [.. Field.Of(Kind).Select(Find)];
        return field.PlaceIn(Kind) is >= 0 and int place ? determining[place] : [];
    }

    private ImmutableArray<Rule> Find(Field field)
    {
        FieldValue? value = Outcome[field];
        if (field == Field.FreshFor && value is not null && Equals(value, Outcome[Field.UsableFor]) && !Rules.Any(rule => value.Equals(rule.Says[field])))
            field = Field.UsableFor;
        ImmutableArray<Rule> found = [.. Rules.Where(rule => rule.Says[field] is { } said && (field.Shape is FieldShape.NameList || said.Equals(value)))];
        // Mostly one rule says everything: one list then serves all fields.
        return found.Length == Rules.Length ? Rules : found;
    }

    private static TimeSpan Window(Outcome outcome, Field field) =>
        outcome[field] is FieldValue.Duration duration ? TimeSpan.FromSeconds(duration.Seconds) : TimeSpan.Zero;
}
