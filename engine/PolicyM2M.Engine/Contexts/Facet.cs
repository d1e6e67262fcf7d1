namespace PolicyM2M.Engine.Contexts;

/// <summary>What a facet looks at.</summary>
internal enum FacetKind : byte
{
    /// <summary>The attribute's value, by its coding.</summary>
    Value,

    /// <summary>Whether the attribute is known: 0 or 1, and itself always known.</summary>
    Has,

    /// <summary>Whether the set holds a text: 0 or 1.</summary>
    Contains,

    /// <summary>Whether two attributes of one type have the same value: 0 or 1.</summary>
    Same,

    /// <summary>The moment of the decision, in seconds since 1970-01-01T00:00:00Z.</summary>
    Now,

    /// <summary>The second of the day at an offset from UTC, 0 to 86,399.</summary>
    TimeOfDay,

    /// <summary>The day of the week at an offset from UTC, 0 for Monday to 6.</summary>
    Weekday,
}

/// <summary>
/// One number that a tree can ask a context for. The first facets of a table are the values of its attributes, in their order; then come
/// those that some rule tests besides, in the order of this record's fields.
/// </summary>
/// <param name="Kind">What it looks at.</param>
/// <param name="Attribute">The attribute's place; -1 for the clock.</param>
/// <param name="Other">The other attribute's place for <see cref="FacetKind.Same"/>, the offset from UTC in minutes for the time of day and the weekday; otherwise 0.</param>
/// <param name="Item">The text looked for by <see cref="FacetKind.Contains"/>; otherwise empty.</param>
internal readonly record struct Facet(FacetKind Kind, int Attribute, int Other = 0, string Item = "") : IComparable<Facet>
{
    private const int SecondsPerDay = 86_400;

    /// <summary>1970-01-01 was a Thursday.</summary>
    private const int FirstWeekday = 3;

    public static Facet Value(int attribute) => new(FacetKind.Value, attribute);

    public static Facet Has(int attribute) => new(FacetKind.Has, attribute);

    public static Facet Contains(int attribute, string item) => new(FacetKind.Contains, attribute, 0, item);

    /// <summary>Equality is symmetric: the lower place comes first, so that one pair is one facet.</summary>
    public static Facet Same(int left, int right) => new(FacetKind.Same, Math.Min(left, right), Math.Max(left, right));

    public static Facet Now { get; } = new(FacetKind.Now, -1);

    public static Facet TimeOfDay(int offsetMinutes) => new(FacetKind.TimeOfDay, -1, offsetMinutes);

    public static Facet Weekday(int offsetMinutes) => new(FacetKind.Weekday, -1, offsetMinutes);

    /// <summary>Whether it reads the clock, which every context has.</summary>
    public bool IsClock => Kind >= FacetKind.Now;

    /// <summary>The smallest and the largest code; of a value they are its coding's.</summary>
    public (long Lowest, long Highest) Codes => Kind switch
    {
        FacetKind.Now => (long.MinValue, long.MaxValue),
        FacetKind.TimeOfDay => (0, SecondsPerDay - 1),
        FacetKind.Weekday => (0, 6),
        _ => (0, 1),
    };

    /// <summary>What the clock shows at a moment, in seconds since 1970.</summary>
    public long Read(long now)
    {
        long local = now + Other * 60L;
        return Kind switch
        {
            FacetKind.TimeOfDay => Remainder(local, SecondsPerDay),
            FacetKind.Weekday => Remainder(Quotient(local, SecondsPerDay) + FirstWeekday, 7),
            _ => now,
        };
    }

    public int CompareTo(Facet other) =>
        (Kind, Attribute, Other).CompareTo((other.Kind, other.Attribute, other.Other)) is not 0 and int order ? order : string.CompareOrdinal(Item, other.Item);

    private static long Quotient(long number, long by) => (number - Remainder(number, by)) / by;

    private static long Remainder(long number, long by) => (number % by + by) % by;
}
