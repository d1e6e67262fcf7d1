using PolicyM2M.Engine.Lattice;
using WireDuration = Google.Protobuf.WellKnownTypes.Duration;

namespace PolicyM2M.Wire;

/// <summary>Field values as the parts of messages; what is not constrained is left out.</summary>
internal readonly struct FieldWriter(Outcome outcome)
{
    /// <summary>Every enumeration of levels has 0 for "not constrained" and then the ladder, laxest first.</summary>
    public const int Laxest = 1;

    public IEnumerable<V1.ProtocolVersion> Versions() => outcome[Field.Versions] is FieldValue.Names names
        ? names.Items.Select(name => (V1.ProtocolVersion)CodePointOf(Field.Versions, name))
        : [];

    public V1.CodePointList? CodePoints(Field field) => outcome[field] is FieldValue.Names names
        ? new V1.CodePointList { Items = { names.Items.Select(name => new V1.CodePoint { Name = name, Value = CodePointOf(field, name) }) } }
        : null;

    public V1.NameList? Names(Field field) => outcome[field] is FieldValue.Names names ? new V1.NameList { Items = { names.Items } } : null;

    public int Rank(Field field) => outcome[field] is FieldValue.Level level ? level.Rank + Laxest : 0;

    public WireDuration? Duration(Field field) => outcome[field] is FieldValue.Duration duration ? new WireDuration { Seconds = duration.Seconds } : null;

    public V1.Fraction? Share(Field field) =>
        outcome[field] is FieldValue.Share share ? new V1.Fraction { Numerator = share.Value.Numerator, Denominator = share.Value.Denominator } : null;

    private static ushort CodePointOf(Field field, string name) => ((FieldShape.NameList)field.Shape).CodePoints![name];
}
