using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>Searches the smallest change of a context that gives another decision: first all of one attribute, then all of two, and so on.</summary>
internal sealed class CounterfactualSearch(Decider decider, DeviceContext context, DateTimeOffset now, Decision decision, int limit)
{
    /// <summary>Changes of more attributes than this tell nobody what to do.</summary>
    private const int MostAttributes = 4;

    private readonly AttributeValue[] _values = Raw(decider, context);
    private readonly List<ContextChange> _found = [];
    private int _tried;

    /// <param name="candidates">The attributes that may change, each with the values to try, the nearest first.</param>
    /// <param name="areAll">Whether these stand for all values that there are.</param>
    /// <param name="later">What the time alone would change.</param>
    public Counterfactual Search(IReadOnlyList<(AttributeDefinition Attribute, ImmutableArray<AttributeValue> Values)> candidates, bool areAll, LaterDecision later)
    {
        bool isWhole = true;
        for (int size = 1; size <= Math.Min(MostAttributes, candidates.Count) && _found.Count == 0 && isWhole; size++)
            isWhole = Try(candidates, 0, size, []);
        return new Counterfactual([.. _found], areAll && isWhole && (_found.Count > 0 || candidates.Count <= MostAttributes), _tried) { Later = later };
    }

    /// <summary>Tries all changes of so many attributes; of each combination of attributes the nearest that does it is kept. False where the search was cut off.</summary>
    private bool Try(IReadOnlyList<(AttributeDefinition Attribute, ImmutableArray<AttributeValue> Values)> candidates, int from, int size, ImmutableArray<AttributeDefinition> chosen)
    {
        for (int i = from; i <= candidates.Count - size; i++)
        {
            int place = decider.Bundle.PlaceOf(candidates[i].Attribute.Name);
            AttributeValue before = _values[place];
            bool isWhole = TryEach(candidates, i, size, place, chosen.Add(candidates[i].Attribute));
            _values[place] = before;
            if (!isWhole)
                return false;
        }
        return true;
    }

    private bool TryEach(IReadOnlyList<(AttributeDefinition Attribute, ImmutableArray<AttributeValue> Values)> candidates, int i, int size, int place, ImmutableArray<AttributeDefinition> chosen)
    {
        // Another value of an earlier attribute comes by the same combination again.
        if (size == 1 && IsFound(chosen))
            return true;
        foreach (AttributeValue value in candidates[i].Values)
        {
            if (_tried >= limit)
                return false;
            _values[place] = value;
            if (size > 1)
            {
                if (!Try(candidates, i + 1, size - 1, chosen))
                    return false;
            }
            else if (Found(chosen) is { } change)
            {
                _found.Add(change);
                return true;
            }
        }
        return true;
    }

    private bool IsFound(ImmutableArray<AttributeDefinition> combination) =>
        _found.Any(change => change.Values.Select(value => value.Attribute).SequenceEqual(combination));

    private ContextChange? Found(ImmutableArray<AttributeDefinition> changed)
    {
        _tried++;
        Decision other = decider.Decide(decision.Kind, _values, now);
        if (!IsAnother(decision, other))
            return null;
        return new ContextChange([.. changed.Select(attribute => (attribute, Given(attribute), _values[decider.Bundle.PlaceOf(attribute.Name)]))], other);
    }

    /// <summary>Whether a decision is another: where one was denied, one that allows.</summary>
    public static bool IsAnother(Decision decision, Decision other) => decision.Outcome.IsDenied ? !other.Outcome.IsDenied : !other.Outcome.Equals(decision.Outcome);

    private AttributeValue? Given(AttributeDefinition attribute) => context.Values.TryGetValue(attribute.Name, out AttributeValue before) ? before : null;

    private static AttributeValue[] Raw(Decider decider, DeviceContext context)
    {
        var values = new AttributeValue[decider.Bundle.Attributes.Count];
        foreach ((string name, AttributeValue value) in context.Values)
        {
            if (decider.Bundle.PlaceOf(name) is >= 0 and int place)
                values[place] = value;
        }
        return values;
    }
}
