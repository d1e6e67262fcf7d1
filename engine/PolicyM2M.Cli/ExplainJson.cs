using System.Collections.Immutable;
using System.Text.Json;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>An explanation as JSON: one object, with all that the text says.</summary>
internal static class ExplainJson
{
    /// <param name="explanations">One for each kind.</param>
    /// <param name="context">The context.</param>
    /// <param name="bundle">What decided.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isBundle">Whether there was the bundle alone: then no policy is gone through, and <c>policies</c> is empty.</param>
    public static string Of(ImmutableArray<Explanation> explanations, PreparedContext context, Bundle bundle, DateTimeOffset now, bool isBundle) => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("now", InstantText.Format(now.ToUnixTimeSeconds()));
        writer.WriteString("bundle", bundle.Hash);
        writer.WriteString("explained-from", isBundle ? "bundle" : "sources");
        Array(writer, "ignored", context.Unusable, value =>
        {
            writer.WriteString("attribute", value.Name);
            writer.WriteString("expected", value.Expected);
        });
        Array(writer, "decisions", explanations, explanation => Write(writer, explanation));
        writer.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter writer, Explanation explanation)
    {
        Decision decision = explanation.Decision;
        writer.WriteString("kind", decision.Kind.Name());
        writer.WriteString("deny", decision.Outcome.Denial);
        OutcomeJson.Write(writer, "outcome", decision.Outcome);
        Array(writer, "fields", decision.Outcome.Values, value =>
        {
            writer.WriteString("field", value.Field.Name);
            writer.WriteString("value", value.Value.ToString());
            Array(writer, "by", decision.Determining(value.Field), rule => Write(writer, rule));
        });
        Array(writer, "rules", decision.Rules, rule => Write(writer, rule));
        Array(writer, "policies", explanation.Policies, policy =>
        {
            writer.WriteString("policy", policy.Policy);
            Place(writer, policy.Source);
            writer.WriteString("applies", Answer(policy.Applies));
            Tests(writer, policy.Because);
            Array(writer, "rules", policy.Rules, rule =>
            {
                Write(writer, rule.Rule);
                writer.WriteString("applies", Answer(rule.Applies));
                Tests(writer, rule.Because);
                if (rule.WaivedBy is { } waiver)
                    writer.WriteString("waived", waiver);
            });
        });
        Json.WriteTexts(writer, "missing", explanation.Gaps.Missing);
        Json.WriteTexts(writer, "silent", explanation.Gaps.Silent);
        Json.WriteTexts(writer, "unknown-ages", explanation.Gaps.UnknownAges);
        writer.WriteStartArray("region");
        foreach (var constraint in explanation.Region.Constraints)
            writer.WriteStringValue(constraint.ToString());
        writer.WriteEndArray();
        writer.WriteString("holds-until", explanation.HoldsUntil is { } until ? InstantText.Format(until.ToUnixTimeSeconds()) : null);
        if (explanation.Counterfactual is { } counterfactual)
            Write(writer, counterfactual);
    }

    private static void Write(Utf8JsonWriter writer, Counterfactual counterfactual)
    {
        writer.WriteStartObject("counterfactual");
        writer.WriteBoolean("complete", counterfactual.IsWhole);
        writer.WriteNumber("tried", counterfactual.Tried);
        Array(writer, "changes", counterfactual.Changes, change =>
        {
            Array(writer, "values", change.Values, value =>
            {
                writer.WriteString("attribute", value.Attribute.Name);
                Value(writer, "before", value.Before ?? default);
                Value(writer, "after", value.After);
            });
            writer.WriteString("deny", change.Decision.Outcome.Denial);
            OutcomeJson.Write(writer, "outcome", change.Decision.Outcome);
        });
        Write(writer, counterfactual.Later);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, LaterDecision later)
    {
        writer.WriteStartObject("later");
        writer.WriteString("at", later.At is { } at ? InstantText.Format(at.ToUnixTimeSeconds()) : null);
        writer.WriteString("looked-until", later.LookedUntil is { } until ? InstantText.Format(until.ToUnixTimeSeconds()) : null);
        if (later.Decision is { } decision)
        {
            writer.WriteString("deny", decision.Outcome.Denial);
            OutcomeJson.Write(writer, "outcome", decision.Outcome);
        }
        writer.WriteEndObject();
    }

    private static void Value(Utf8JsonWriter writer, string name, AttributeValue value)
    {
        writer.WritePropertyName(name);
        switch (value.Kind)
        {
            case AttributeValueKind.Boolean:
                writer.WriteBooleanValue(value.Boolean);
                break;
            case AttributeValueKind.Integer:
                writer.WriteNumberValue(value.Integer);
                break;
            case AttributeValueKind.Text:
                writer.WriteStringValue(value.Text);
                break;
            case AttributeValueKind.Set:
                writer.WriteStartArray();
                foreach (string text in value.Texts)
                    writer.WriteStringValue(text);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void Write(Utf8JsonWriter writer, Rule rule)
    {
        writer.WriteString("rule", $"{rule.Policy} {rule.Label}");
        Place(writer, rule.Source);
    }

    private static void Place(Utf8JsonWriter writer, SourcePosition place)
    {
        writer.WriteString("file", place.File);
        writer.WriteNumber("line", place.Line);
    }

    private static void Tests(Utf8JsonWriter writer, ImmutableArray<Reason> because) => Array(writer, "because", because, reason =>
    {
        writer.WriteString("test", reason.Test);
        writer.WriteString("holds", Answer(reason.Holds));
        writer.WriteString("met", reason.Met);
    });

    private static string Answer(bool? holds) => holds switch
    {
        true => "yes",
        false => "no",
        null => "maybe",
    };

    private static void Array<T>(Utf8JsonWriter writer, string name, IEnumerable<T> items, Action<T> write)
    {
        writer.WriteStartArray(name);
        foreach (T item in items)
        {
            writer.WriteStartObject();
            write(item);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
