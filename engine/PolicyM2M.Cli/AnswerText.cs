using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>An answer as people read it: what holds and, where asked for, which rule made it so.</summary>
internal static class AnswerText
{
    private const int NameColumn = 18;

    public static void Write(TextWriter writer, Palette palette, Answer answer, bool explain)
    {
        foreach ((Decision decision, _) in answer.Decisions)
            Write(writer, palette, decision, explain);
        WriteIgnored(writer, palette, answer.Context);
        foreach ((string word, string meaning, ImmutableArray<string> names) in GapText.Of(answer.Gaps))
        {
            writer.Write($"{palette.Warn(word)}{meaning}:{(explain ? "" : $" {Printable.Of(string.Join(", ", names))}")}\n");
            foreach (string name in explain ? names : [])
                writer.Write($"  {Printable.Of(name)}\n");
            writer.Write('\n');
        }
        writer.Write(palette.Faint($"bundle {answer.Bundle.Hash}") + "\n");
    }

    private static void Write(TextWriter writer, Palette palette, Decision decision, bool explain)
    {
        string kind = palette.Strong(decision.Kind.Name());
        if (decision.Outcome.Denial is { } reason)
        {
            writer.Write($"{kind}: {palette.Bad("deny")}: {Printable.Of(reason)}\n");
            foreach (Rule rule in decision.Rules)
                writer.Write($"  {palette.Faint(Printable.Of($"by {rule}"))}\n");
        }
        else
        {
            writer.Write($"{kind}: {palette.Good("allow")}\n");
            foreach ((Field field, FieldValue value) in decision.Outcome.Values)
                Write(writer, palette, field, value, explain ? Because(decision, field) : []);
            if (!explain)
                writer.Write($"  {palette.Faint(Printable.Of($"by {string.Join(", ", decision.Rules)}"))}\n");
        }
        writer.Write('\n');
    }

    private static void Write(TextWriter writer, Palette palette, Field field, FieldValue value, string[] because)
    {
        writer.Write($"  {field.Name.PadRight(NameColumn)}{Printable.Of(value.ToString()!)}\n");
        foreach (string line in because)
            writer.Write($"  {new string(' ', NameColumn)}{palette.Faint(line)}\n");
    }

    /// <summary>
    /// The rules that determined a field; or why none did. Where attributes are missing, a field may be stated by one of the rules
    /// that could apply and not by another.
    /// </summary>
    public static string[] Because(Decision decision, Field field)
    {
        string[] rules = [.. decision.Determining(field).Select(rule => Printable.Of($"by {rule}"))];
        return rules.Length > 0 ? rules
            : !IsStated(field) ? ["stated by no rule, so the strictest holds"]
            : field == Field.FreshFor && !IsStated(Field.UsableFor) ? ["never longer than usable-for, which no rule states"]
            : ["not stated by every rule that could apply, so the strictest holds"];

        bool IsStated(Field said) => decision.Rules.Any(rule => rule.Says[said] is not null);
    }

    private static void WriteIgnored(TextWriter writer, Palette palette, PreparedContext context)
    {
        if (context.Unusable.IsEmpty)
            return;
        writer.Write($"{palette.Warn("ignored")}, so these count as missing:\n");
        foreach (UnusableValue value in context.Unusable)
            writer.Write($"  {Printable.Of($"{value.Name}: {value.Expected}")}\n");
        writer.Write('\n');
    }
}
