using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>The fields of outcomes as what they hold.</summary>
internal static class OutcomeReading
{
    /// <summary>The names that a field allows; null where it is not constrained.</summary>
    public static ImmutableArray<string>? NamesOf(this Outcome outcome, Field field) => (outcome[field] as FieldValue.Names)?.Items;

    /// <summary>The length of time of a field; null where it is not constrained.</summary>
    public static TimeSpan? TimeOf(this Outcome outcome, Field field) =>
        // A policy may state more than a TimeSpan holds; nothing here lives that long.
        outcome[field] is FieldValue.Duration duration ? TimeSpan.FromSeconds(Math.Min(duration.Seconds, (long)TimeSpan.FromDays(36_500).TotalSeconds)) : null;

    /// <summary>The rank of a field's level; 0, the laxest, where it is not constrained.</summary>
    public static int RankOf(this Outcome outcome, Field field) => (outcome[field] as FieldValue.Level)?.Rank ?? 0;
}
