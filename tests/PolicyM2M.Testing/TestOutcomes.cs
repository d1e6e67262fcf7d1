using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Testing;

/// <summary>Outcomes as a test writes them: <c>versions TLS1.3; suites A, B; session-lifetime 1h</c>.</summary>
public static class TestOutcomes
{
    /// <summary>A cipher-suites outcome.</summary>
    public static Outcome CipherSuites(string text) => Of(DecisionKind.CipherSuites, text);

    /// <summary>An auth outcome.</summary>
    public static Outcome Auth(string text) => Of(DecisionKind.Auth, text);

    private static Outcome Of(DecisionKind kind, string text) =>
        Outcome.Allow(kind, text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => Of(kind, part.Split(' ', 2))));

    private static (Field, FieldValue) Of(DecisionKind kind, string[] part)
    {
        Field field = Field.Find(kind, part[0]) ?? throw new ArgumentException($"{kind.Name()} has no field {part[0]}");
        FieldValue? value = field.Shape switch
        {
            FieldShape.NameList => new FieldValue.Names([.. part[1].Split(',', StringSplitOptions.TrimEntries)]),
            FieldShape.Ladder ladder => ladder.Find(part[1]),
            FieldShape.ShortestDuration => DurationText.TryParse(part[1], out long seconds) ? new FieldValue.Duration(seconds) : null,
            _ => null,
        };
        return (field, value ?? throw new ArgumentException($"`{part[1]}` is no value of {field.Name}"));
    }
}
