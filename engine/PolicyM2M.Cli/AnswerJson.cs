using System.Text.Json;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>
/// An answer as JSON: an array with one object for each kind. Fields carry the names that policies use; lists are arrays,
/// durations and shares are the texts a policy would write, and a field that is not constrained is left out.
/// </summary>
internal static class AnswerJson
{
    /// <param name="answer">The answer.</param>
    /// <param name="line">The line of its context; null where the context was a file of its own.</param>
    /// <param name="explain">Whether to name the rules of each field.</param>
    /// <param name="indented">Whether it is for people.</param>
    public static string Write(Answer answer, int? line, bool explain, bool indented) => Json.Write(indented, writer =>
    {
        writer.WriteStartArray();
        foreach ((Decision decision, Gaps gaps) in answer.Decisions)
            Write(writer, decision, gaps, answer, line, explain);
        writer.WriteEndArray();
    });

    /// <summary>What stands in for the answer where a line holds no context.</summary>
    public static string Error(int line, string message) => Json.Write(indented: false, writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("line", line);
        writer.WriteString("error", message);
        writer.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter writer, Decision decision, Gaps gaps, Answer answer, int? line, bool explain)
    {
        writer.WriteStartObject();
        if (line is { } number)
            writer.WriteNumber("line", number);
        writer.WriteString("kind", decision.Kind.Name());
        writer.WriteString("deny", decision.Outcome.Denial);
        OutcomeJson.Write(writer, "outcome", decision.Outcome);
        Write(writer, "rules", decision.Rules);
        if (explain)
            WriteExplanation(writer, decision);
        Json.WriteTexts(writer, "missing", gaps.Missing);
        Json.WriteTexts(writer, "silent", gaps.Silent);
        Json.WriteTexts(writer, "unknown-ages", gaps.UnknownAges);
        WriteIgnored(writer, answer.Context);
        writer.WriteStartObject("revision");
        writer.WriteNull("commit");
        writer.WriteString("bundle", answer.Bundle.Hash);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, IEnumerable<Rule> rules)
    {
        writer.WriteStartArray(name);
        foreach (Rule rule in rules)
            Write(writer, rule);
        writer.WriteEndArray();
    }

    /// <summary>A rule with its place.</summary>
    public static void Write(Utf8JsonWriter writer, Rule rule)
    {
        writer.WriteStartObject();
        writer.WriteString("policy", rule.Policy);
        writer.WriteString("rule", rule.Label);
        writer.WriteString("file", rule.Source.File);
        writer.WriteNumber("line", rule.Source.Line);
        writer.WriteEndObject();
    }

    private static void WriteExplanation(Utf8JsonWriter writer, Decision decision)
    {
        writer.WriteStartObject("determinedBy");
        foreach ((Field field, _) in decision.Outcome.Values)
            Write(writer, field.Name, decision.Determining(field));
        writer.WriteEndObject();
    }

    private static void WriteIgnored(Utf8JsonWriter writer, PreparedContext context)
    {
        writer.WriteStartArray("ignored");
        foreach (UnusableValue value in context.Unusable)
        {
            writer.WriteStartObject();
            writer.WriteString("name", value.Name);
            writer.WriteString("reason", value.IsUnknown ? "unknown" : "malformed");
            writer.WriteString("detail", value.Expected);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
