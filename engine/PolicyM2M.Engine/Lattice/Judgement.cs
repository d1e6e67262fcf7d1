using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Lattice;

/// <summary>Turns the rules that apply into the decision: everything applies, and the strictest wins.</summary>
internal static class Judgement
{
    /// <summary>The decision of these rules, which must be in the order of the manifest: it gives the order of preference in lists.</summary>
    public static Decision Of(DecisionKind kind, ImmutableArray<Rule> rules)
    {
        Outcome met = rules.Select(rule => rule.Says).Aggregate(Outcome.Allow(kind, []), (all, says) => all.Meet(says));

        ImmutableArray<Rule> denying = [.. rules.Where(rule => rule.Says.IsDenied)];
        if (met.IsDenied)
            return new Decision(Outcome.Deny(kind, met.Denial!), denying);

        Field[] conflicts = [.. Field.Of(kind).Where(field => met[field] is FieldValue.Names { Items: [] } && !MayBeEmpty(field))];
        if (conflicts.Length > 0)
        {
            string reason = string.Join("; ", conflicts.Select(field => Conflict(field, rules)));
            return new Decision(Outcome.Deny(kind, reason), [.. rules.Where(rule => conflicts.Any(field => rule.Says[field] is not null))]);
        }

        Field[] unstated = [.. Field.Of(kind).Where(field => field.MustBeStated && met[field] is null)];
        if (unstated.Length > 0)
        {
            string names = string.Join(" and ", unstated.Select(field => $"`{field.Name}`"));
            return new Decision(Outcome.Deny(kind, $"no rule that applies states {names}"), rules);
        }

        return new Decision(Outcome.Allow(kind, Field.Of(kind).Select(field => (field, met[field] ?? Unstated(field)))
            .Where(f => f.Item2 is not null).Select(f => (f.field, f.Item2!))), rules);
    }

    private static bool MayBeEmpty(Field field) => field.Shape is FieldShape.NameList { MayBeEmpty: true };

    private static string Conflict(Field field, ImmutableArray<Rule> rules)
    {
        IEnumerable<string> between = rules.Where(rule => rule.Says[field] is not null).Select(rule => rule.ToString());
        return $"no possible value is left for `{field.Name}` between {string.Join(" and ", between)}";
    }

    private static FieldValue? Unstated(Field field) => field.WhenUnstated is not { } text ? null : field.Shape switch
    {
        FieldShape.Ladder ladder => ladder.Find(text),
        FieldShape.ShortestDuration when DurationText.TryParse(text, out long seconds) => new FieldValue.Duration(seconds),
        FieldShape.NameList => new FieldValue.Names([.. text.Split(',', StringSplitOptions.RemoveEmptyEntries)]),
        _ => throw new InvalidOperationException($"the field table gives {field.Name} the unusable value `{text}`"),
    };
}
