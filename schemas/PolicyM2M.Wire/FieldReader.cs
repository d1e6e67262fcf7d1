using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using WireDuration = Google.Protobuf.WellKnownTypes.Duration;

namespace PolicyM2M.Wire;

/// <summary>Gathers field values from the parts of a message, refusing what names nothing.</summary>
internal sealed class FieldReader
{
    /// <summary>More names than any registry has; a hostile message must not grow without end.</summary>
    private const int MaximumNames = 1_000;

    private readonly List<(Field Field, FieldValue Value)> _values = [];

    /// <summary>The outcome of all that was gathered.</summary>
    /// <exception cref="WireException">A field that an allowing outcome must state is not there, or leaves nothing.</exception>
    public Outcome Outcome(DecisionKind kind)
    {
        foreach (Field field in Field.Of(kind).Where(field => field.MustBeStated))
        {
            if (_values.FirstOrDefault(v => v.Field == field).Value is not FieldValue.Names { Items.Length: > 0 })
                throw new WireException($"an outcome of {kind.Name()} states no {field.Name}");
        }
        // What the sender left out is what holds where nobody states it, and never more.
        IEnumerable<(Field, FieldValue)> omitted = Field.Of(kind).Where(field => field.WhenUnstated is not null && !_values.Exists(v => v.Field == field))
            .Select(field => (field, field.WhenUnstated!));
        return Engine.Lattice.Outcome.Allow(kind, [.. _values, .. omitted]);
    }

    public void Versions(ICollection<V1.ProtocolVersion> versions) => Add(Field.Versions, versions,
        version => NamesOf(Field.Versions).FirstOrDefault(known => known.Value == (int)version).Key ?? throw new WireException($"{(int)version} is no protocol version"));

    public void CodePoints(Field field, V1.CodePointList? list)
    {
        if (list is not null)
        {
            Add(field, list.Items, point => NamesOf(field).TryGetValue(point.Name, out ushort value) && value == point.Value
                ? point.Name
                : throw new WireException($"`{Shown(point.Name)}` with {point.Value} is no entry of {field.Name}"));
        }
    }

    public void Names(Field field, V1.NameList? list)
    {
        if (list is not null)
        {
            Add(field, list.Items, name => ((FieldShape.NameList)field.Shape).CodePoints?.ContainsKey(name) != false
                ? name
                : throw new WireException($"`{Shown(name)}` is no entry of {field.Name}"));
        }
    }

    public void Rank(Field field, int rank)
    {
        var ladder = (FieldShape.Ladder)field.Shape;
        if (rank == 0)
            return;
        if (rank < 0 || rank - FieldWriter.Laxest >= ladder.Ranks.Length)
            throw new WireException($"{rank} is no level of {field.Name}");
        _values.Add((field, new FieldValue.Level(rank - FieldWriter.Laxest, ladder.Ranks[rank - FieldWriter.Laxest])));
    }

    public void Duration(Field field, WireDuration? duration)
    {
        if (duration is null)
            return;
        if (duration.Nanos != 0 || duration.Seconds is < 0 or > DurationText.MaximumSeconds)
            throw new WireException($"{field.Name} is not a whole number of seconds in range");
        _values.Add((field, new FieldValue.Duration(duration.Seconds)));
    }

    public void Share(Field field, V1.Fraction? share)
    {
        if (share is null)
            return;
        if (!Fraction.TryCreate(share.Numerator, share.Denominator, out Fraction fraction))
            throw new WireException($"{field.Name} is no share between 0 and 1");
        _values.Add((field, new FieldValue.Share(fraction)));
    }

    private void Add<T>(Field field, ICollection<T> items, Func<T, string> nameOf)
    {
        if (items.Count > MaximumNames)
            throw new WireException($"{field.Name} has {items.Count} entries");
        if (items.Count == 0 && field == Field.Versions)
            return;
        string[] names = [.. items.Select(nameOf)];
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Length)
            throw new WireException($"{field.Name} has an entry twice");
        _values.Add((field, new FieldValue.Names([.. names])));
    }

    private static IReadOnlyDictionary<string, ushort> NamesOf(Field field) => ((FieldShape.NameList)field.Shape).CodePoints!;

    private static string Shown(string name) => name.Length > 80 ? name[..80] + "…" : name;
}
