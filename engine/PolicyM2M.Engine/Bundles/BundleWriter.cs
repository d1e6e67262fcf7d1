using System.Collections.Immutable;
using System.Text;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Bundles;

/// <summary>Writes a bundle's bytes. Mirrors <see cref="BundleReader"/> line by line.</summary>
internal sealed class BundleWriter : IDisposable
{
    private readonly MemoryStream _bytes = new();
    private readonly BinaryWriter _out;

    /// <summary>The places of registered names in the subset, by field.</summary>
    private readonly Dictionary<Field, Dictionary<string, int>> _places;

    private BundleWriter(RegistrySubset registry)
    {
        _out = new BinaryWriter(_bytes, Encoding.UTF8);
        _places = RegistrySubset.Fields.ToDictionary(field => field, field => registry.Of(field)!.Value.Select((known, place) => (known.Name, place)).ToDictionary(StringComparer.Ordinal));
    }

    public static byte[] Write(BundleContent content)
    {
        using var writer = new BundleWriter(content.Registry);
        writer._out.Write(BundleFormat.Magic);
        writer._out.Write(BundleFormat.Version);
        writer._out.Write(new byte[BundleSeal.End - BundleSeal.Start]);
        writer.Content(content);
        byte[] bundle = writer._bytes.ToArray();
        BundleSeal.Put(bundle);
        return bundle;
    }

    public void Dispose() => _out.Dispose();

    private void Content(BundleContent content)
    {
        Text(content.Name);
        Each(content.Policies, Text);
        Each(content.Attributes.Codings, Attribute);
        Each(content.Attributes.Others, Facet);
        Each(content.Attributes.Needed, Text);
        Registry(content.Registry);
        Each(content.Rules.Texts, Text);
        Each(content.Rules.Outcomes, Outcome);
        Numbers(content.Rules.Rows);
        Numbers(content.Trees.Answers.Starts);
        Numbers(content.Trees.Answers.Rules);
        Numbers(content.Trees.Program);
        Each(content.Trees.Masks, Masks);
        Numbers(content.Trees.Roots);
    }

    private void Attribute(AttributeCoding coding)
    {
        AttributeDefinition definition = coding.Definition;
        Text(definition.Name);
        _out.Write((byte)definition.Type);
        _out.Write((byte)definition.Provenance);
        Text(definition.Description);
        Limit(definition.Minimum);
        Limit(definition.Maximum);
        Each(definition.Values, Text);
        _out.Write(definition.Default is null ? BundleFormat.Absent : BundleFormat.Present);
        if (definition.Default is { } standard)
            AttributeValue(standard);
        _out.Write(definition.AgeOf is null ? BundleFormat.Absent : BundleFormat.Present);
        if (definition.AgeOf is { } source)
            Text(source);
        Each(coding.Marks, Text);
        _out.Write(coding.IsRanked ? BundleFormat.Present : BundleFormat.Absent);
    }

    private void AttributeValue(AttributeValue value)
    {
        _out.Write((byte)value.Kind);
        switch (value.Kind)
        {
            case AttributeValueKind.Boolean:
                _out.Write(value.Boolean ? BundleFormat.Present : BundleFormat.Absent);
                break;
            case AttributeValueKind.Integer:
                _out.Write(value.Integer);
                break;
            case AttributeValueKind.Text:
                Text(value.Text);
                break;
            default:
                Each(value.Texts, Text);
                break;
        }
    }

    private void Facet(Facet facet)
    {
        _out.Write((byte)facet.Kind);
        _out.Write(facet.Attribute);
        _out.Write(facet.Other);
        Text(facet.Item);
    }

    private void Registry(RegistrySubset registry)
    {
        _out.Write(Convert.FromHexString(registry.Tables));
        foreach (Field field in RegistrySubset.Fields)
            Each(registry.Of(field)!.Value, Registered);
    }

    private void Registered(RegisteredName name)
    {
        Text(name.Name);
        _out.Write(name.CodePoint);
        _out.Write(name.Tls12 ? BundleFormat.Present : BundleFormat.Absent);
        _out.Write(name.Tls13 ? BundleFormat.Present : BundleFormat.Absent);
    }

    private void Outcome(Outcome outcome)
    {
        _out.Write((byte)outcome.Kind);
        _out.Write(outcome.IsDenied ? BundleFormat.Present : BundleFormat.Absent);
        if (outcome.Denial is { } reason)
            Text(reason);
        else
            Each([.. outcome.Values], value => Value(outcome.Kind, value.Field, value.Value));
    }

    private void Value(DecisionKind kind, Field field, FieldValue value)
    {
        _out.Write((byte)field.PlaceIn(kind));
        switch (value)
        {
            case FieldValue.Names names when _places.TryGetValue(field, out Dictionary<string, int>? places):
                Numbers<int>([.. names.Items.Select(name => places[name])]);
                break;
            case FieldValue.Names names:
                Each(names.Items, Text);
                break;
            case FieldValue.Duration duration:
                _out.Write(duration.Seconds);
                break;
            case FieldValue.Share share:
                _out.Write(share.Value.Numerator);
                _out.Write(share.Value.Denominator);
                break;
            case FieldValue.Level level:
                _out.Write((byte)level.Rank);
                break;
        }
    }

    private void Masks(MaskLeaf leaf)
    {
        Numbers(leaf.Facets);
        Numbers(leaf.FirstBounds);
        Numbers(leaf.Bounds);
        Numbers(leaf.RowOf);
        Numbers(leaf.FreeRows);
        Numbers(leaf.Rows);
        Numbers(leaf.Answers);
    }

    /// <summary>Numbers, or records of numbers, as they lie in memory; the count is that of the items.</summary>
    private void Numbers<T>(ImmutableArray<T> items)
        where T : unmanaged
    {
        _out.Write(items.Length);
        _out.Write(LittleEndian.Bytes(items.AsSpan()));
    }

    private void Limit(long? limit)
    {
        _out.Write(limit is null ? BundleFormat.Absent : BundleFormat.Present);
        if (limit is { } value)
            _out.Write(value);
    }

    private void Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        _out.Write(utf8.Length);
        _out.Write(utf8);
    }

    private void Each<T>(ImmutableArray<T> items, Action<T> write)
    {
        _out.Write(items.Length);
        foreach (T item in items)
            write(item);
    }
}
