using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>
/// A set compiled and loaded, with its contexts as the engine takes them: what is measured. Every way to ask the engine that is measured is a
/// method here and nowhere else. One thread; another thread takes its own <see cref="ForThread"/>.
/// </summary>
internal sealed class Subject
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(57);

    private readonly Decider _decider;
    private readonly AttributeValue[][] _raw;
    private readonly PreparedContext[] _prepared;
    private readonly DecisionPath _path = new();

    private Subject(Decider decider, AttributeValue[][] raw, PreparedContext[] prepared)
    {
        _decider = decider;
        _raw = raw;
        _prepared = prepared;
    }

    /// <summary>How many contexts there are.</summary>
    public int Count => _raw.Length;

    public Bundle Bundle => _decider.Bundle;

    /// <summary>Loads a bundle and lays out a set's contexts for it.</summary>
    public static Subject Of(GeneratedSet set, ReadOnlyMemory<byte> bundle) => new Subject(new Decider(Bundle.Read(bundle)), [], []).With(set);

    /// <summary>Compiles a set; where it does not compile the exception has its first diagnostics.</summary>
    public static Subject Of(GeneratedSet set) => Of(set, Compile(set));

    /// <summary>The bytes of a set's bundle.</summary>
    public static ReadOnlyMemory<byte> Compile(GeneratedSet set)
    {
        Compilation compilation = PolicyCompiler.Compile(set.Sources());
        return compilation.Bundle is not null ? compilation.Bytes : throw new SetDoesNotCompileException(set.Name, compilation.Diagnostics);
    }

    public Subject ForThread() => new(_decider, _raw, _prepared);

    /// <summary>From plain values, each read when a test asks for it.</summary>
    public Decision DecideRaw(int context) => _decider.Decide(DecisionKind.CipherSuites, _raw[context], Now);

    /// <summary>From a context that was prepared once, and decided before: what the clock has no part in is remembered.</summary>
    public Decision DecidePrepared(int context) => _decider.Decide(DecisionKind.CipherSuites, _prepared[context], Now);

    /// <summary>From a prepared context, but decided anew: noting its way it remembers nothing.</summary>
    public Decision DecidePreparedAnew(int context) => _decider.Decide(DecisionKind.CipherSuites, _prepared[context], Now, _path);

    /// <summary>From plain values, noting the way taken: all that a region needs, made on the hot path.</summary>
    public Decision DecideNotingTheWay(int context) => _decider.Decide(DecisionKind.CipherSuites, _raw[context], Now, _path);

    /// <summary>The same, and the region read from the way: what is done where a region is handed on, as when it is signed.</summary>
    public Region DecideWithRegion(int context)
    {
        _decider.Decide(DecisionKind.CipherSuites, _raw[context], Now, _path);
        return _path.Region();
    }

    /// <summary>From plain values, and which rule determined each field.</summary>
    public int DecideExplained(int context)
    {
        Decision decision = DecideRaw(context);
        int rules = 0;
        foreach (Field field in Field.Of(decision.Kind))
            rules += decision.Determining(field).Length;
        return rules;
    }

    /// <summary>The first context that is answered otherwise than it must be, in words; null where all are right.</summary>
    public string? FirstWrong(GeneratedSet set)
    {
        for (int i = 0; i < Count; i++)
        {
            ExpectedAnswer expected = set.Expected(set.Contexts[i]);
            foreach ((string way, Decision decision) in new[] { ("raw", DecideRaw(i)), ("prepared", DecidePrepared(i)), ("prepared, again", DecidePrepared(i)), ("with its way", DecideNotingTheWay(i)) })
            {
                if (!expected.IsSaidBy(decision))
                    return $"{set.Name}, context {i}, {way}: expected {expected}, got {string.Join(", ", decision.Rules)}";
            }
        }
        return null;
    }

    private Subject With(GeneratedSet set)
    {
        int[] places = [.. set.Attributes.Select(attribute => Bundle.PlaceOf(attribute.Name))];
        return new Subject(_decider, [.. set.Contexts.Select(Laid)], [.. set.Contexts.Select(values =>
            _decider.Prepare(DeviceContext.Of(values.Select((value, i) => KeyValuePair.Create(set.Attributes[i].Name, value)))))]);

        AttributeValue[] Laid(AttributeValue[] values)
        {
            var laid = new AttributeValue[values.Length];
            for (int i = 0; i < values.Length; i++)
                laid[places[i]] = values[i];
            return laid;
        }
    }
}
