using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Lattice;

/// <summary>Turns the rules that apply into the decision: everything applies, and the strictest wins.</summary>
internal static class Judgement
{
    /// <summary>The decision of these rules, which must be in the order of the manifest: it gives the order of preference in lists.</summary>
    /// <param name="kind">The kind of decision.</param>
    /// <param name="applying">The rules that apply, or could.</param>
    /// <param name="stated">What they state in every case that could be (<see cref="Omissions"/>).</param>
    public static Decision Of(DecisionKind kind, IEnumerable<Rule> applying, uint stated)
    {
        ImmutableArray<Rule> rules = [.. applying, .. Omissions.Of(kind, stated)];
        ImmutableArray<Rule> denying = Denying(rules);
        if (denying.Length > 0)
            return new Decision(Outcome.Deny(kind, string.Join("; ", denying.Select(rule => rule.Says.Denial).Distinct())), denying);

        Outcome met = rules.Select(rule => rule.Says).Aggregate(Outcome.Allow(kind, []), (all, says) => all.Meet(says));
        Field[] conflicts = [.. Field.Of(kind).Where(field => met[field] is FieldValue.Names { Items: [] } && field.Shape is FieldShape.NameList { MayBeEmpty: false })];
        if (conflicts.Length > 0)
        {
            string reason = string.Join("; ", conflicts.Select(field => Conflict(field, rules)));
            return new Decision(Outcome.Deny(kind, reason), [.. rules.Where(rule => conflicts.Any(field => rule.Says[field] is not null))]);
        }
        return new Decision(FreshNoLongerThanUsable(met), [.. rules.Where(rule => !rule.IsByOmission)]);
    }

    /// <summary>A decision that may not be used is not fresh either.</summary>
    private static Outcome FreshNoLongerThanUsable(Outcome met) =>
        met[Field.FreshFor] is FieldValue.Duration fresh && met[Field.UsableFor] is FieldValue.Duration usable && fresh.Seconds > usable.Seconds
            ? Outcome.Allow(met.Kind, [.. met.Values, (Field.FreshFor, usable)])
            : met;

    /// <summary>What the policies themselves deny; only where they deny nothing, the first thing that none of them says.</summary>
    private static ImmutableArray<Rule> Denying(ImmutableArray<Rule> rules)
    {
        ImmutableArray<Rule> denying = [.. rules.Where(rule => rule.Says.IsDenied)];
        return denying.All(rule => rule.IsByOmission) ? [.. denying.Take(1)] : [.. denying.Where(rule => !rule.IsByOmission)];
    }

    private static string Conflict(Field field, ImmutableArray<Rule> rules)
    {
        IEnumerable<string> between = rules.Where(rule => rule.Says[field] is not null).Select(rule => rule.ToString());
        return $"no possible value is left for `{field.Name}` between {string.Join(" and ", between)}";
    }
}
