using System.Collections.Immutable;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>An explanation as people read it: the decision, each policy's part in it, where it holds, and what would change it.</summary>
internal static class ExplainText
{
    private const int NameColumn = 18;

    public static void Write(TextWriter writer, Palette palette, ImmutableArray<Explanation> explanations, PreparedContext context, Bundle bundle, DateTimeOffset now, bool isBundle)
    {
        foreach (Explanation explanation in explanations)
            Write(writer, palette, explanation, value => AgeAt(now, value, bundle));
        foreach (UnusableValue value in context.Unusable)
            writer.Write($"{palette.Warn("ignored")}, so it counts as missing: {Printable.Of($"{value.Name}: {value.Expected}")}\n");
        if (isBundle)
            writer.Write("why each rule applies or not is not in a bundle: explain the folder of its policies for that\n\n");
        writer.Write(palette.Faint($"bundle {bundle.Hash}") + "\n");
    }

    private static void Write(TextWriter writer, Palette palette, Explanation explanation, Func<(AttributeDefinition, AttributeValue), string> ageOf)
    {
        Decision decision = explanation.Decision;
        string verdict = decision.Outcome.Denial is { } reason ? $"{palette.Bad("deny")}: {Printable.Of(reason)}" : palette.Good("allow");
        writer.Write($"{palette.Strong(decision.Kind.Name())}: {verdict}\n");
        foreach ((Field field, FieldValue value) in decision.Outcome.Values)
        {
            writer.Write($"  {field.Name.PadRight(NameColumn)}{Printable.Of(value.ToString()!)}\n");
            foreach (string line in AnswerText.Because(decision, field))
                writer.Write($"  {new string(' ', NameColumn)}{palette.Faint(line)}\n");
        }
        foreach (PolicyExplanation policy in explanation.Policies)
            Write(writer, palette, policy);
        // Where no policy is gone through, a denial has no other place for its rules.
        foreach (Rule rule in explanation.Policies.IsEmpty && decision.Outcome.IsDenied ? decision.Rules : [])
            writer.Write($"  {palette.Faint(Printable.Of($"by {rule}"))}\n");
        foreach ((string word, string meaning, ImmutableArray<string> names) in GapText.Of(explanation.Gaps))
            writer.Write($"\n  {palette.Warn(word)}{meaning}: {Printable.Of(string.Join(", ", names))}\n");
        writer.Write($"\n  {palette.Strong("the same holds")} {(explanation.Region.Constraints.IsEmpty ? "everywhere" : "where")}\n");
        foreach (RegionConstraint constraint in explanation.Region.Constraints)
            writer.Write($"    {Printable.Of(ShortLine.Of(constraint.ToString()))}\n");
        if (explanation.HoldsUntil is { } until)
            writer.Write($"  {palette.Strong("until")} {InstantText.Format(until.ToUnixTimeSeconds())}\n");
        if (explanation.Counterfactual is { } counterfactual)
        {
            Write(writer, palette, decision, counterfactual, ageOf);
            Write(writer, palette, decision, counterfactual.Later);
        }
        writer.Write('\n');
    }

    private static void Write(TextWriter writer, Palette palette, PolicyExplanation policy)
    {
        string says = policy.Applies switch
        {
            true => policy.Because.IsEmpty ? "" : $"applies: {Tests(policy.Because)}",
            false => $"says nothing: {Tests(policy.Because)}",
            null => $"may apply: {Tests(policy.Because)}",
        };
        writer.Write($"\n  {palette.Strong(policy.Policy)} {palette.Faint(Printable.Of($"({policy.Source})"))}{(says.Length == 0 ? "" : $" {says}")}\n");
        foreach (RuleExplanation rule in policy.Rules)
        {
            string state = rule.WaivedBy is not null ? palette.Warn("waived") : rule.Applies switch
            {
                true => palette.Good("yes"),
                false => palette.Faint("no"),
                null => palette.Warn("maybe"),
            };
            string because = rule.Because.IsEmpty ? "" : $": {Tests(rule.Because)}";
            writer.Write($"    {state,-5} {rule.Rule.Label} {palette.Faint(Printable.Of($"({rule.Rule.Source})"))}{because}\n");
            if (rule.WaivedBy is { } waiver)
                writer.Write($"          {Printable.Of(waiver.ToString())}\n");
        }
    }

    private static string Tests(ImmutableArray<Reason> because) => Printable.Of(string.Join("; ", because.Select(reason => reason.Holds switch
    {
        true => ShortLine.Of(reason.Test),
        false => $"{ShortLine.Of(reason.Test)} fails ({reason.Met})",
        null => $"{ShortLine.Of(reason.Test)} is open ({reason.Met})",
    })));

    private static void Write(TextWriter writer, Palette palette, Decision decision, Counterfactual counterfactual, Func<(AttributeDefinition, AttributeValue), string> ageOf)
    {
        string goal = decision.Outcome.IsDenied ? "it would be allowed" : "it would be decided otherwise";
        if (counterfactual.Changes.IsEmpty)
        {
            writer.Write(counterfactual.IsWhole
                ? $"  {palette.Strong("no change")} of the context makes that {goal}\n"
                : $"  {palette.Strong("no small change")} was found by which {goal}; not everything could be tried ({counterfactual.Tried} contexts were), so there may be one\n");
            return;
        }
        writer.Write($"  {palette.Strong(goal)} with{(counterfactual.Changes.Length > 1 ? " one of these" : "")}"
            + $"{(counterfactual.IsWhole ? "" : " (not everything could be tried, so there may be others)")}:\n");
        foreach (ContextChange change in counterfactual.Changes)
        {
            writer.Write($"    {Printable.Of(string.Join(", ", change.Values.Select(value => Shown(value, ageOf((value.Attribute, value.After))))))}\n");
            writer.Write($"      {palette.Faint(Printable.Of(Difference(decision.Outcome, change.Decision.Outcome)))}\n");
        }
    }

    /// <summary>Nothing is said of the time where it changes nothing.</summary>
    private static void Write(TextWriter writer, Palette palette, Decision decision, LaterDecision later)
    {
        string goal = decision.Outcome.IsDenied ? "it would be allowed" : "it would be decided otherwise";
        if (later is { At: { } at, Decision: { } other })
        {
            writer.Write($"  {palette.Strong(goal)} at {InstantText.Format(at.ToUnixTimeSeconds())}, were nothing to change but the time:\n");
            writer.Write($"      {palette.Faint(Printable.Of(Difference(decision.Outcome, other.Outcome)))}\n");
        }
        else if (later.LookedUntil is { } until)
        {
            writer.Write($"  the time alone changes nothing of that before {InstantText.Format(until.ToUnixTimeSeconds())}; later moments were not looked at\n");
        }
    }

    private static string Difference(Outcome before, Outcome after) => after.IsDenied || before.IsDenied ? after.ToString()
        : string.Join(", ", Field.Of(after.Kind).Where(field => !Equals(before[field], after[field]))
            .Select(field => $"{field.Name} {after[field]?.ToString() ?? "not constrained"}"));

    /// <summary>Of an instant the age that policies test, where it has one.</summary>
    private static string AgeAt(DateTimeOffset now, (AttributeDefinition Attribute, AttributeValue Value) instant, Bundle bundle) =>
        bundle.Attributes.Values.FirstOrDefault(attribute => attribute.AgeOf == instant.Attribute.Name) is { } age
            && InstantText.TryParse(instant.Value.Text, out long seconds) && seconds <= now.ToUnixTimeSeconds()
            ? $" ({age.Name} {DurationText.Format(now.ToUnixTimeSeconds() - seconds)})" : "";

    private static string Shown((AttributeDefinition Attribute, AttributeValue? Before, AttributeValue After) value, string age) => value.After.Kind == AttributeValueKind.None
        ? $"{value.Attribute.Name} taken away"
        : $"{value.Attribute.Name} {Shown(value.Attribute, value.After)}{age}{(value.Before is { } before ? $" instead of {Shown(value.Attribute, before)}" : "")}";

    private static string Shown(AttributeDefinition attribute, AttributeValue value) =>
        attribute.Type is AttributeType.String or AttributeType.Set or AttributeType.Bool or AttributeType.Int ? value.ToString() : value.Text;
}
