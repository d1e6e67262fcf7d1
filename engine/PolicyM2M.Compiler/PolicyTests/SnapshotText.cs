using System.Text;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.PolicyTests;

/// <summary>Decisions as text that a person reviews: no hashes and no times, one fact on a line.</summary>
internal static class SnapshotText
{
    public static string Of(IEnumerable<(string Path, System.Collections.Immutable.ImmutableArray<Decision> Decisions)> contexts)
    {
        var text = new StringBuilder();
        foreach ((string path, var decisions) in contexts)
        {
            text.Append(text.Length == 0 ? "" : "\n").Append($"== {path}\n");
            foreach (Decision decision in decisions)
                Add(text, decision);
        }
        return text.ToString();
    }

    private static void Add(StringBuilder text, Decision decision)
    {
        if (decision.Outcome.Denial is { } reason)
        {
            text.Append($"{decision.Kind.Name()}: deny: {reason}\n");
            return;
        }
        text.Append($"{decision.Kind.Name()}: allow\n");
        foreach ((Field field, FieldValue value) in decision.Outcome.Values)
            text.Append($"  {field.Name} {value}\n");
    }
}
