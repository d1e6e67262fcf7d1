using System.Collections.Immutable;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Lowered conditions: nothing but "the code of this attribute lies in this set", joined by and and or. Equal conditions are one
/// entry, known by its number, so that comparing is comparing numbers. Grows while a set is compiled; one thread only.
/// </summary>
internal sealed class ConditionTable
{
    public const int Always = 0;
    public const int Never = 1;

    private readonly ImmutableArray<IntervalSet> _domains;
    private readonly List<Entry> _entries = [new(Join.And, [], -1, default), new(Join.Or, [], -1, default)];
    private readonly Dictionary<Entry, int> _numbers = [];
    private readonly List<ImmutableArray<int>> _attributes = [[], []];
    private readonly Dictionary<(int Condition, int Attribute, long Code), int> _restricted = [];
    private readonly Dictionary<int, int> _negated = new() { [Always] = Never, [Never] = Always };
    private readonly CompileBudget _budget;

    /// <param name="domains">The codes that each attribute can have.</param>
    /// <param name="budget">Pays for every part that is looked at: conditions share parts, and a careless or hostile one shares many.</param>
    public ConditionTable(ImmutableArray<IntervalSet> domains, CompileBudget budget)
    {
        _domains = domains;
        _budget = budget;
    }

    private enum Join
    {
        And,
        Or,
        Test,
    }

    /// <summary>The attributes that a condition tests, ascending.</summary>
    public ImmutableArray<int> AttributesOf(int condition) => _attributes[condition];

    public int Test(int attribute, IntervalSet codes)
    {
        IntervalSet possible = codes.And(_domains[attribute]);
        return possible.IsEmpty ? Never : possible.Covers(_domains[attribute]) ? Always : Number(new Entry(Join.Test, [], attribute, possible));
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
            Join.Test => Test(entry.Attribute, _domains[entry.Attribute].Minus(entry.Codes)),
            Join.And => Or(entry.Parts.Select(Not)),
            _ => And(entry.Parts.Select(Not)),
        };
        _negated[negated] = condition;
        return _negated[condition] = negated;
    }

    /// <summary>The condition where the attribute has this code: a condition that no longer tests the attribute.</summary>
    public int Restrict(int condition, int attribute, long code)
    {
        if (!_attributes[condition].Contains(attribute))
            return condition;
        if (_restricted.TryGetValue((condition, attribute, code), out int restricted))
            return restricted;
        _budget.Spend(1);
        Entry entry = _entries[condition];
        restricted = entry.Join switch
        {
            Join.Test => entry.Codes.Contains(code) ? Always : Never,
            Join.And => And(entry.Parts.Select(part => Restrict(part, attribute, code))),
            _ => Or(entry.Parts.Select(part => Restrict(part, attribute, code))),
        };
        return _restricted[(condition, attribute, code)] = restricted;
    }

    /// <summary>Adds the codes at which the condition's answer for this attribute can change: the first of each interval, and the first after it.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="attribute">The attribute.</param>
    /// <param name="bounds">Where the codes go.</param>
    /// <param name="seen">The conditions that were looked at already: parts are shared, and a walk per path would not end.</param>
    public void AddBounds(int condition, int attribute, SortedSet<long> bounds, HashSet<int> seen)
    {
        if (!_attributes[condition].Contains(attribute) || !seen.Add(condition))
            return;
        _budget.Spend(1);
        Entry entry = _entries[condition];
        foreach ((long low, long high) in entry.Codes.Intervals)
        {
            bounds.Add(low);
            if (high < long.MaxValue)
                bounds.Add(high + 1);
        }
        foreach (int part in entry.Parts)
            AddBounds(part, attribute, bounds, seen);
    }

    private int Joined(Join join, IEnumerable<int> parts)
    {
        (int neutral, int absorbing) = join == Join.And ? (Always, Never) : (Never, Always);
        var others = new SortedSet<int>();
        var tests = new SortedDictionary<int, IntervalSet>();
        foreach (int part in Flat(join, parts))
        {
            _budget.Spend(1);
            Entry entry = _entries[part];
            if (part == absorbing)
                return absorbing;
            if (part == neutral)
                continue;
            if (entry.Join != Join.Test)
                others.Add(part);
            else if (!tests.TryAdd(entry.Attribute, entry.Codes))
                tests[entry.Attribute] = join == Join.And ? tests[entry.Attribute].And(entry.Codes) : tests[entry.Attribute].Or(entry.Codes);
        }
        foreach ((int attribute, IntervalSet codes) in tests)
        {
            int test = Test(attribute, codes);
            if (test == absorbing)
                return absorbing;
            if (test != neutral)
                others.Add(test);
        }
        return others.Count switch
        {
            0 => neutral,
            1 => others.Min,
            _ => Number(new Entry(join, [.. others], -1, default)),
        };
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
        _attributes.Add(entry.Join == Join.Test ? [entry.Attribute] : [.. entry.Parts.SelectMany(part => _attributes[part]).Distinct().Order()]);
        return number;
    }

    private sealed record Entry(Join Join, ImmutableArray<int> Parts, int Attribute, IntervalSet Codes)
    {
        public bool Equals(Entry? other) =>
            other is not null && Join == other.Join && Attribute == other.Attribute && Parts.AsSpan().SequenceEqual(other.Parts.AsSpan()) && Codes.Equals(other.Codes);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(Join);
            hash.Add(Attribute);
            hash.Add(Codes);
            foreach (int part in Parts)
                hash.Add(part);
            return hash.ToHashCode();
        }
    }
}
