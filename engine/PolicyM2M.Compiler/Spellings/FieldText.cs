using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Fields as both spellings write them.</summary>
internal static class FieldText
{
    /// <summary>What follows the name, in segments between which there is a space or a line break.</summary>
    public static ImmutableArray<string> Segments(FieldSyntax field)
    {
        var segments = ImmutableArray.CreateBuilder<string>();
        if (field.Where is { } facts)
            segments.AddRange(ConditionText.Segments(facts).Select((segment, i) => i == 0 ? $"where {segment}" : segment));
        for (int i = 0; i < field.Values.Length; i++)
            segments.Add((i > 0 ? "" : field.Change switch { ListChange.Add => "+ ", ListChange.Remove => "- ", _ => "" })
                + field.Values[i].Text + (i + 1 < field.Values.Length ? "," : ""));
        if (field.Within is { } within)
            segments.Add($"within {within.Text}");
        return segments.ToImmutable();
    }

    public static string Tail(FieldSyntax field) => string.Join(' ', Segments(field));

    public static string Of(FieldSyntax field) => Tail(field) is { Length: > 0 } tail ? $"{field.Name.Text} {tail}" : field.Name.Text;

    /// <summary>Where a segment stands in the source.</summary>
    public static int? StartOf(FieldSyntax field, int segment) => segment < field.Values.Length ? field.Values[segment].Span.Start : null;
}
