using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Rotation outcomes as a policy writes them, fields apart by two spaces.</summary>
internal static class Outcomes
{
    public static Outcome Of(string text) => Outcome.Allow(DecisionKind.Rotation, text.Split("  ", StringSplitOptions.RemoveEmptyEntries).Select(Value));

    private static (Field, FieldValue) Value(string stated)
    {
        string[] words = stated.Split(' ');
        Field field = Field.Find(DecisionKind.Rotation, words[0]) ?? throw new FormatException(stated);
        return (field, field.Shape switch
        {
            FieldShape.Ladder ladder => ladder.Find(words.Length > 1 ? words[1] : "true")!,
            FieldShape.Share when Fraction.TryParse(words[1], out Fraction share) => new FieldValue.Share(share),
            FieldShape.ShortestDuration when DurationText.TryParse(words[1], out long seconds) => new FieldValue.Duration(seconds),
            _ => throw new FormatException(stated),
        });
    }
}
