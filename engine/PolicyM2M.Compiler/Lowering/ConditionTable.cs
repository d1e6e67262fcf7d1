using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Lowered conditions: nothing but "the code of this facet lies in this set", joined by and and or. Equal conditions are one
/// entry, known by its number, so that comparing is comparing numbers. Grows while a set is compiled; one thread only.
/// </summary>
internal sealed class ConditionTable
{
    public const int Always = 0;
    public const int Never = 1;

    private readonly ImmutableArray<(long Lowest, long Highest)> _codes;
    private readonly List<Entry> _entries = [new(Join.And, [], -1, default, []), new(Join.Or, [], -1, default, [])];
    private readonly Dictionary<Entry, int> _numbers = [];
    private readonly Dictionary<(int Condition, int Facet, long Code), int> _restricted = [];
    private readonly Dictionary<int, int> _negated = new() { [Always] = Never, [Never] = Always };
    private readonly CompileBudget _budget;

    /// <param name="codes">The smallest and largest code of each facet.</param>
    /// <param name="budget">Pays for every part that is looked at: conditions share parts, and a careless or hostile one shares many.</param>
    public ConditionTable(ImmutableArray<(long Lowest, long Highest)> codes, CompileBudget budget)
    {
        _codes = codes;
        _budget = budget;
    }

    private enum Join
    {
        And,
        Or,
        Test,
    }

    /// <summary>The facets that a condition tests, ascending.</summary>
    public ReadOnlySpan<int> FacetsOf(int condition) => _entries[condition].Facets;

    public int Test(int facet, IntervalSet codes)
    {
        (long lowest, long highest) = _codes[facet];
        IntervalSet possible = codes.And(IntervalSet.Between(lowest, highest));
        return possible.IsEmpty ? Never : possible.Covers(lowest, highest) ? Always : Number(new Entry(Join.Test, [], facet, possible, [facet]));
    }

    public int And(IEnumerable<int> parts) => Joined(Join.And, parts);

    public int Or(IEnumerable<int> parts) => Joined(Join.Or, parts);

    public int Not(int condition)
    {
        if (_negated.TryGetValue(condition, out int negated))
            return negated;
        Entry entry = _entries[condition];
        negated = entry.Join switch
        {
            Join.Test => Test(entry.Facet, entry.Codes.Without(_codes[entry.Facet].Lowest, _codes[entry.Facet].Highest)),
            Join.And => Or(entry.Parts.Select(Not)),
            _ => And(entry.Parts.Select(Not)),
        };
        _negated[negated] = condition;
        return _negated[condition] = negated;
    }

    /// <summary>The codes that a condition which is one test allows; false for any other condition.</summary>
    public bool IsTest(int condition, out int facet, out IntervalSet codes)
    {
        Entry entry = _entries[condition];
        (facet, codes) = (entry.Facet, entry.Codes);
        return entry.Join == Join.Test;
    }

    /// <summary>What a condition joins, and whether all of it must hold or any.</summary>
    public ReadOnlySpan<int> PartsOf(int condition, out bool isAll)
    {
        Entry entry = _entries[condition];
        isAll = entry.Join == Join.And;
        return entry.Parts.AsSpan();
    }

    /// <summary>Whether the condition is a test of the facet and something else, which does not look at the facet.</summary>
    public bool TrySplit(int condition, int facet, out IntervalSet codes, out int rest)
    {
        Entry entry = _entries[condition];
        (codes, rest) = (entry.Codes, Always);
        if (entry.Join == Join.Test)
            return entry.Facet == facet;
        if (entry.Join != Join.And)
            return false;
        int tested = -1;
        foreach (int part in entry.Parts)
        {
            Entry inner = _entries[part];
            if (inner.Join == Join.Test && inner.Facet == facet)
                tested = part;
            else if (inner.Facets.AsSpan().BinarySearch(facet) >= 0)
                return false;
        }
        if (tested < 0)
            return false;
        codes = _entries[tested].Codes;
        rest = entry.Parts.Length == 2 ? entry.Parts[0] == tested ? entry.Parts[1] : entry.Parts[0] : Numbered(Join.And, entry.Parts.Remove(tested));
        return true;
    }

    /// <summary>The condition where the facet has this code: a condition that no longer tests the facet.</summary>
    public int Restrict(int condition, int facet, long code)
    {
        Entry entry = _entries[condition];
        if (entry.Facets.AsSpan().BinarySearch(facet) < 0)
            return condition;
        if (entry.Join == Join.Test)
            return entry.Codes.Contains(code) ? Always : Never;
        if (_restricted.TryGetValue((condition, facet, code), out int restricted))
            return restricted;
        _budget.Spend(1);
        restricted = entry.Join == Join.And
            ? And(entry.Parts.Select(part => Restrict(part, facet, code)))
            : Or(entry.Parts.Select(part => Restrict(part, facet, code)));
        return _restricted[(condition, facet, code)] = restricted;
    }

    /// <summary>Adds the codes at which the condition's answer for this facet can change: the first of each interval, and the first after it.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="facet">The facet.</param>
    /// <param name="bounds">Where the codes go, in any order and more than once.</param>
    /// <param name="seen">The conditions that were looked at already: parts are shared, and a walk per path would not end.</param>
    public void AddBounds(int condition, int facet, List<long> bounds, HashSet<int> seen)
    {
        Entry entry = _entries[condition];
        if (entry.Facets.AsSpan().BinarySearch(facet) < 0)
            return;
        if (!seen.Add(condition))
            return;
        _budget.Spend(1);
        foreach ((long low, long high) in entry.Codes.Intervals)
        {
            bounds.Add(low);
            if (high < long.MaxValue)
                bounds.Add(high + 1);
        }
        foreach (int part in entry.Parts)
            AddBounds(part, facet, bounds, seen);
    }

    private int Joined(Join join, IEnumerable<int> parts)
    {
        (int neutral, int absorbing) = join == Join.And ? (Always, Never) : (Never, Always);
        var others = new List<int>();
        var tests = new List<(int Facet, int Part)>();
        foreach (int part in Flat(join, parts))
        {
            _budget.Spend(1);
            if (part == absorbing)
                return absorbing;
            if (part == neutral)
                continue;
            if (_entries[part].Join == Join.Test)
                tests.Add((_entries[part].Facet, part));
            else
                others.Add(part);
        }
        tests.Sort();
        for (int i = 0; i < tests.Count;)
        {
            int first = i, facet = tests[i].Facet, test = tests[i].Part;
            while (++i < tests.Count && tests[i].Facet == facet)
            {
            }
            if (i - first > 1)
            {
                IEnumerable<IntervalSet> sets = tests.GetRange(first, i - first).Select(t => _entries[t.Part].Codes);
                test = Test(facet, join == Join.And ? sets.Aggregate((a, b) => a.And(b)) : IntervalSet.Of(sets.SelectMany(set => set.Intervals)));
            }
            if (test == absorbing)
                return absorbing;
            if (test != neutral)
                others.Add(test);
        }
        others.Sort();
        return others.Count switch
        {
            0 => neutral,
            1 => others[0],
            _ => Numbered(join, [.. others.Distinct()]),
        };
    }

    private int Numbered(Join join, ImmutableArray<int> parts) => parts.Length == 1 ? parts[0] : Number(new Entry(join, parts, -1, default, Facets(parts)));

    private int[] Facets(ImmutableArray<int> parts)
    {
        var facets = new List<int>();
        foreach (int part in parts)
            facets.AddRange(_entries[part].Facets);
        _budget.Spend(facets.Count);
        facets.Sort();
        int kept = 0;
        for (int i = 0; i < facets.Count; i++)
        {
            if (kept == 0 || facets[kept - 1] != facets[i])
                facets[kept++] = facets[i];
        }
        facets.RemoveRange(kept, facets.Count - kept);
        return [.. facets];
    }

    private IEnumerable<int> Flat(Join join, IEnumerable<int> parts)
    {
        foreach (int part in parts)
        {
            if (part is not (Always or Never) && _entries[part].Join == join)
            {
                foreach (int inner in _entries[part].Parts)
                    yield return inner;
            }
            else
            {
                yield return part;
            }
        }
    }

    private int Number(Entry entry)
    {
        if (_numbers.TryGetValue(entry, out int number))
            return number;
        number = _entries.Count;
        _entries.Add(entry);
        _numbers.Add(entry, number);
        return number;
    }

    /// <param name="Join">How it is joined.</param>
    /// <param name="Parts">What it joins, ascending; empty for a test.</param>
    /// <param name="Facet">What a test looks at; otherwise -1.</param>
    /// <param name="Codes">The codes that a test allows.</param>
    /// <param name="Facets">Everything it looks at, ascending: it follows from the rest, and takes no part in comparing.</param>
    private sealed record Entry(Join Join, ImmutableArray<int> Parts, int Facet, IntervalSet Codes, int[] Facets)
    {
        public bool Equals(Entry? other) =>
            other is not null && Join == other.Join && Facet == other.Facet && Parts.AsSpan().SequenceEqual(other.Parts.AsSpan()) && Codes.Equals(other.Codes);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(Join);
            hash.Add(Facet);
            hash.Add(Codes);
            foreach (int part in Parts)
                hash.Add(part);
            return hash.ToHashCode();
        }
    }
}
