using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Regions;

/// <summary>What a constraint of a region looks at.</summary>
public enum RegionSubject
{
    /// <summary>The attribute's value.</summary>
    Value,

    /// <summary>Whether the attribute is given: 0 or 1.</summary>
    Has,

    /// <summary>Whether the set holds a text: 0 or 1.</summary>
    Contains,

    /// <summary>Whether two attributes have the same value: 0 or 1.</summary>
    Same,

    /// <summary>The moment, in seconds since 1970-01-01T00:00:00Z.</summary>
    Now,

    /// <summary>The second of the day at an offset from UTC, 0 to 86,399.</summary>
    TimeOfDay,

    /// <summary>The day of the week at an offset from UTC, 0 for Monday to 6.</summary>
    Weekday,
}

/// <summary>An attribute that a region speaks of, and how its values become the numbers that the constraints are about.</summary>
/// <param name="Definition">The attribute; without its description.</param>
/// <param name="Marks">
/// For free texts, versions and addresses those that the constraints name, ascending. A version, an address or a ranked text has the code 2·i + 1 where it equals the i-th mark, and
/// an even code between; another text is its place among the marks, or -1.
/// </param>
/// <param name="IsRanked">Whether free texts are ranked in ordinal order.</param>
public sealed record AttributeScale(AttributeDefinition Definition, ImmutableArray<string> Marks, bool IsRanked)
{
    private AttributeCoding? _coding;

    /// <summary>A copy that may become another: it makes its own coding.</summary>
    private AttributeScale(AttributeScale original) => (Definition, Marks, IsRanked) = (original.Definition, original.Marks, original.IsRanked);

    /// <summary>How its values become numbers. Made once for all regions that share it.</summary>
    /// <exception cref="ArgumentException">It is no attribute.</exception>
    internal AttributeCoding Coding => _coding ??= AttributeCheck.Coding(Definition, Marks, IsRanked);

    /// <summary>Whether both say the same, whether or not their codings were made.</summary>
    public bool Equals(AttributeScale? other) => other is not null && Definition.Equals(other.Definition) && Marks.AsSpan().SequenceEqual(other.Marks.AsSpan()) && IsRanked == other.IsRanked;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Definition, Marks.Length, IsRanked);
}

/// <summary>One constraint.</summary>
/// <param name="Subject">What it looks at.</param>
/// <param name="Attribute">The place of the attribute among the region's; -1 for the clock.</param>
/// <param name="Other">The place of the other attribute for <see cref="RegionSubject.Same"/>; the offset from UTC in minutes for the time of day and the weekday; otherwise 0.</param>
/// <param name="Item">The text that <see cref="RegionSubject.Contains"/> looks for; otherwise empty.</param>
/// <param name="Codes">The codes that it allows, both ends included, ascending and apart; null where what it looks at must be missing.</param>
public sealed record RegionTest(RegionSubject Subject, int Attribute, int Other, string Item, ImmutableArray<(long Low, long High)>? Codes);

/// <summary>A region taken apart: all that somebody without the policies needs to tell whether a context lies in it. Says nothing of rules that had no part in it.</summary>
/// <param name="Attributes">The attributes, in ordinal order of their names.</param>
/// <param name="Tests">The constraints.</param>
public sealed record RegionParts(ImmutableArray<AttributeScale> Attributes, ImmutableArray<RegionTest> Tests);
