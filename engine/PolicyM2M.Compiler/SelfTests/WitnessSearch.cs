using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.SelfTests;

/// <summary>
/// Looks for a context in which a condition holds, test by test: each test gets a value that none before it minds. It does not look everywhere, so that finding none proves nothing.
/// </summary>
internal sealed class WitnessSearch
{
    /// <summary>How many parts of a condition are settled before it is given up: parts are shared, and a hostile condition has more ways through them than there is time.</summary>
    private const int MostSteps = 10_000;

    private readonly IReadOnlyDictionary<string, AttributeDefinition> _attributes;
    private readonly IReadOnlySet<string> _births;
    private readonly List<(BoundCondition Test, bool Wanted)> _settled = [];
    private Witness _witness;
    private int _steps;

    private WitnessSearch(Witness plain, IReadOnlyDictionary<string, AttributeDefinition> attributes, IReadOnlySet<string> births)
    {
        _births = births;
        _witness = plain;
        _attributes = attributes;
    }

    /// <summary>A witness of the condition; null where none was found.</summary>
    /// <param name="condition">What must hold.</param>
    /// <param name="plain">Where every attribute that the condition does not look at has its value from.</param>
    /// <param name="attributes">The set's attributes by name.</param>
    public static Witness? Find(BoundCondition condition, Witness plain, IReadOnlyDictionary<string, AttributeDefinition> attributes)
    {
        // Only what the condition looks at: a set has thousands of attributes, and each change makes the context anew.
        AttributeDefinition[] tested = [.. ConditionTests.Of(condition).SelectMany(ConditionTests.AttributesOf)];
        HashSet<string> named = [.. tested.Select(Given)];
        var search = new WitnessSearch(plain with { Context = plain.Context.Where(named.Contains) }, attributes, CandidateValues.BirthsIn(tested));
        if (!search.Settle(condition, wanted: true))
            return null;
        DeviceContext found = search._witness.Context;
        return search._witness with { Context = DeviceContext.Of(plain.Context.Values.Where(entry => !named.Contains(entry.Key)).Concat(found.Values)) };
    }

    /// <summary>The attribute that must be given for this one to have a value.</summary>
    private static string Given(AttributeDefinition attribute) => attribute.AgeOf ?? attribute.Name;

    private bool Settle(BoundCondition condition, bool wanted) => ++_steps <= MostSteps && condition switch
    {
        BoundCondition.Constant constant => constant.Value == wanted,
        BoundCondition.Not not => Settle(not.Part, !wanted),
        BoundCondition.All all => wanted ? all.Parts.All(part => Settle(part, wanted)) : all.Parts.Any(part => TrySettle(part, wanted)),
        BoundCondition.Any any => wanted ? any.Parts.Any(part => TrySettle(part, wanted)) : any.Parts.All(part => Settle(part, wanted)),
        _ => SettleTest(condition, wanted),
    };

    /// <summary>As <see cref="Settle"/>, and as if nothing had been tried where it fails.</summary>
    private bool TrySettle(BoundCondition condition, bool wanted)
    {
        (int settled, Witness witness) = (_settled.Count, _witness);
        if (Settle(condition, wanted))
            return true;
        _settled.RemoveRange(settled, _settled.Count - settled);
        _witness = witness;
        return false;
    }

    private bool SettleTest(BoundCondition test, bool wanted)
    {
        _settled.Add((test, wanted));
        foreach (Witness witness in Changes(test, wanted))
        {
            var reading = new ContextReading(witness.Context, witness.Now, _attributes);
            if (_settled.All(settled => reading.Holds(settled.Test) == settled.Wanted))
            {
                _witness = witness;
                return true;
            }
        }
        return false;
    }

    /// <summary>The witness as it is, and with each other value that could please the test.</summary>
    private IEnumerable<Witness> Changes(BoundCondition test, bool wanted)
    {
        Witness witness = _witness;
        yield return witness;
        if (test is BoundCondition.Clock clock)
        {
            foreach (DateTimeOffset moment in Moments(clock))
                yield return witness with { Now = moment };
            yield break;
        }
        foreach (string name in ConditionTests.AttributesOf(test).Select(Given))
        {
            if (test is BoundCondition.Has && !wanted)
                yield return witness with { Context = witness.Context.Where(other => other != name) };
            IEnumerable<BoundCondition> looking = _settled.Select(settled => settled.Test).Where(settled => ConditionTests.AttributesOf(settled).Any(attribute => Given(attribute) == name));
            foreach (AttributeValue value in new CandidateValues(looking, _births, witness.Context, witness.Now).For(_attributes[name]))
                yield return witness with { Context = witness.Context.With(name, value) };
        }
    }

    /// <summary>Moments within what the clock must show, and just outside it.</summary>
    private IEnumerable<DateTimeOffset> Moments(BoundCondition.Clock clock)
    {
        const long Day = 24 * 60 * 60;
        long now = _witness.Now.ToUnixTimeSeconds(), midnight = now - now % Day - clock.OffsetMinutes * 60L;
        IEnumerable<long> ends = clock.Values.SelectMany(interval => new[] { interval.Low, interval.High, interval.Low - 1, interval.High + 1 });
        IEnumerable<long> seconds = clock.Reading switch
        {
            ClockReading.Now => ends,
            ClockReading.TimeOfDay => ends.Select(second => midnight + second),
            _ => Enumerable.Range(0, 7).Select(day => midnight + day * Day),
        };
        return seconds.Where(second => second >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && second <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()).Select(DateTimeOffset.FromUnixTimeSeconds);
    }
}
