using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Contexts;

/// <summary>The attributes of a bundle with their codings, and the facets that trees ask for; a tree knows a facet by its place here.</summary>
internal sealed class AttributeTable
{
    private FrozenDictionary<string, int>? _indexes;

    /// <param name="codings">The attributes in ordinal order of their names.</param>
    /// <param name="others">The facets beside the attributes' values that some rule tests, ascending.</param>
    /// <param name="needed">The names of the attributes that a context must give for the rules to be decided, in ordinal order.</param>
    /// <exception cref="ArgumentException">The attributes are not in order, or a facet or an age speaks of an attribute that is not there or is of another type.</exception>
    public AttributeTable(ImmutableArray<AttributeCoding> codings, ImmutableArray<Facet> others, ImmutableArray<string> needed)
    {
        for (int i = 1; i < codings.Length; i++)
            Demand(string.CompareOrdinal(codings[i - 1].Definition.Name, codings[i].Definition.Name) < 0, "the attributes are not in order");
        Codings = codings;
        Others = others;
        Needed = needed;
        // Loops, where elsewhere it would be queries: a device makes a table for each of the thousands of decisions that it kept, when it starts.
        var shortCodings = new ShortCoding[codings.Length];
        int[] ageOf = new int[codings.Length];
        for (int i = 0; i < codings.Length; i++)
            (shortCodings[i], ageOf[i]) = (codings[i].Short, AgeSource(codings[i]));
        ShortCodings = ImmutableCollectionsMarshal.AsImmutableArray(shortCodings);
        AgeOf = ImmutableCollectionsMarshal.AsImmutableArray(ageOf);
        // Before anything is looked up by what they say: they may come from damaged bytes.
        for (int i = 0; i < others.Length; i++)
            Demand(IsSound(others[i]) && (i == 0 || others[i - 1].CompareTo(others[i]) < 0), "the facets are not in order");
        var facets = new Facet[codings.Length + others.Length];
        var codes = new (long Lowest, long Highest)[facets.Length];
        bool[] isTimed = new bool[facets.Length];
        for (int i = 0; i < facets.Length; i++)
        {
            Facet facet = i < codings.Length ? Facet.Value(i) : others[i - codings.Length];
            facets[i] = facet;
            codes[i] = facet.Kind == FacetKind.Value ? (codings[i].Lowest, codings[i].Highest) : facet.Codes;
            isTimed[i] = facet.IsClock || (facet.Kind is FacetKind.Value or FacetKind.Has && ageOf[facet.Attribute] >= 0);
        }
        Facets = ImmutableCollectionsMarshal.AsImmutableArray(facets);
        Codes = ImmutableCollectionsMarshal.AsImmutableArray(codes);
        IsTimed = ImmutableCollectionsMarshal.AsImmutableArray(isTimed);
    }

    public ImmutableArray<AttributeCoding> Codings { get; }

    /// <summary>The short way of each.</summary>
    public ImmutableArray<ShortCoding> ShortCodings { get; }

    public ImmutableArray<Facet> Others { get; }

    public ImmutableArray<string> Needed { get; }

    /// <summary>The place of each attribute by its name. Made when first asked for: a region is mostly judged by places alone.</summary>
    public FrozenDictionary<string, int> Indexes =>
        _indexes ??= Codings.Select((coding, index) => KeyValuePair.Create(coding.Definition.Name, index)).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>For each attribute the place of the instant whose age it is, or -1.</summary>
    public ImmutableArray<int> AgeOf { get; }

    /// <summary>All facets: first the values of the attributes, then the others.</summary>
    public ImmutableArray<Facet> Facets { get; }

    /// <summary>The smallest and the largest code of each facet.</summary>
    public ImmutableArray<(long Lowest, long Highest)> Codes { get; }

    /// <summary>Whether a facet's code depends on the clock.</summary>
    public ImmutableArray<bool> IsTimed { get; }

    /// <summary>Whether somebody gives an attribute, or the instant of an age: what only a default gives is not there.</summary>
    public bool IsGiven(ReadOnlySpan<AttributeValue> values, int attribute) =>
        values[AgeOf[attribute] >= 0 ? AgeOf[attribute] : attribute].Kind != AttributeValueKind.None;

    public string Suggestion(string name) =>
        Spelling.Nearest(name, Indexes.Keys) is { } nearest ? $"the schema has no such attribute; did you mean `{nearest}`?" : "the schema has no such attribute";

    private int AgeSource(AttributeCoding coding)
    {
        if (coding.Definition.AgeOf is not { } source)
            return -1;
        int place = PlaceOf(source);
        Demand(coding.Definition.Type == AttributeType.Duration && place >= 0 && Codings[place].Definition.Type == AttributeType.Instant, $"{coding.Definition.Name} is the age of what is no instant");
        return place;
    }

    /// <summary>The place of an attribute in the order of their names; -1 where there is none.</summary>
    private int PlaceOf(string name)
    {
        for (int low = 0, high = Codings.Length - 1; low <= high;)
        {
            int middle = (low + high) / 2, order = string.CompareOrdinal(Codings[middle].Definition.Name, name);
            if (order == 0)
                return middle;
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return -1;
    }

    private bool IsSound(Facet facet) => facet.Kind switch
    {
        FacetKind.Has => IsAttribute(facet.Attribute),
        FacetKind.Contains => IsAttribute(facet.Attribute) && Codings[facet.Attribute].Definition.Type == AttributeType.Set,
        FacetKind.Same => IsAttribute(facet.Attribute) && IsAttribute(facet.Other) && facet.Attribute < facet.Other
            && Codings[facet.Attribute].Definition is var left && Codings[facet.Other].Definition is var right && left.Type == right.Type && left.AgeOf is null && right.AgeOf is null,
        FacetKind.Now => facet is { Attribute: -1, Other: 0 },
        FacetKind.TimeOfDay or FacetKind.Weekday => facet.Attribute == -1 && Math.Abs((long)facet.Other) <= 24 * 60,
        _ => false,
    };

    private bool IsAttribute(int place) => place >= 0 && place < Codings.Length;

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
            throw new ArgumentException(otherwise);
    }
}
