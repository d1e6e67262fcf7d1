using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Bundles;

/// <summary>Reads a bundle's bytes, trusting none of them: whatever a walk relies on is checked here, so that a walk need not.</summary>
internal ref struct BundleReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _left;
    private RegistrySubset? _registry;

    private BundleReader(ReadOnlySpan<byte> bytes) => _left = bytes;

    /// <exception cref="InvalidDataException">The bytes are no bundle, or one of another format version, or they were damaged.</exception>
    public static BundleContent Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var reader = new BundleReader(bytes.Span);
            reader.Header(bytes.Span);
            BundleContent content = reader.Content();
            if (reader._left.Length > 0)
                throw new InvalidDataException($"{reader._left.Length} bytes follow the end of the bundle");
            return content;
        }
        catch (DecoderFallbackException damage)
        {
            throw new InvalidDataException("the bundle is damaged: a text is not UTF-8", damage);
        }
        catch (ArgumentException damage)
        {
            throw new InvalidDataException($"the bundle is damaged: {damage.Message}", damage);
        }
    }

    private delegate T ReadItem<out T>(ref BundleReader reader);

    private void Header(ReadOnlySpan<byte> bundle)
    {
        if (UInt32() != BundleFormat.Magic)
            throw new InvalidDataException("this is no bundle: it does not begin with `M2MB`");
        ushort version = UInt16();
        if (version != BundleFormat.Version)
            throw new InvalidDataException($"the bundle has format {version}; this reader knows {BundleFormat.Version}");
        Take(BundleSeal.End - BundleSeal.Start);
        Check(BundleSeal.Holds(bundle), "its content is not the one that was sealed with its SHA-256");
    }

    private BundleContent Content()
    {
        string name = Text();
        ImmutableArray<string> policies = Texts();
        ImmutableArray<AttributeCoding> codings = Each(static (ref BundleReader r) => r.Attribute());
        var attributes = new AttributeTable(codings, Each(static (ref BundleReader r) => r.Facet()), Texts());
        foreach (string needed in attributes.Needed)
            Check(attributes.Indexes.ContainsKey(needed), "a needed attribute is not in the schema");
        RegistrySubset registry = Registry();
        RegistryCheck.Check(registry);
        _registry = registry;
        var rules = new RuleTable(Texts(), Each(static (ref BundleReader r) => r.Outcome()), Numbers<RuleRow>());
        var answers = new AnswerTable(Numbers<int>(), Numbers<int>());
        var trees = new DecisionTrees(Numbers<int>(), Each(static (ref BundleReader r) => r.Masks()), answers, Numbers<int>());
        RuleCheck.Check(rules);
        TreeCheck.Check(trees, attributes, rules);
        return new BundleContent(name, policies, attributes, registry, rules, trees);
    }

    private AttributeCoding Attribute()
    {
        var definition = new AttributeDefinition(Text(), (AttributeType)Enum(AttributeType.Set), (Provenance)Enum(Provenance.Registry),
            Text(), Limit(), Limit(), Texts(), IsPresent() ? AttributeValue() : null, IsPresent() ? Text() : null);
        return AttributeCheck.Coding(definition, Texts(), IsPresent());
    }

    private AttributeValue AttributeValue() => (AttributeValueKind)Enum(AttributeValueKind.Set) switch
    {
        AttributeValueKind.Boolean => Contexts.AttributeValue.Of(IsPresent()),
        AttributeValueKind.Integer => Contexts.AttributeValue.Of(Int64()),
        AttributeValueKind.Text => Contexts.AttributeValue.Of(Text()),
        AttributeValueKind.Set => Contexts.AttributeValue.Of(Texts()),
        _ => throw new InvalidDataException("the bundle is damaged: a default is no value"),
    };

    private Facet Facet() => new((FacetKind)Enum(FacetKind.Weekday), Int32(), Int32(), Text());

    private RegistrySubset Registry() => new(Convert.ToHexStringLower(Take(SHA256.HashSizeInBytes)), RegisteredNames(), RegisteredNames(), RegisteredNames());

    private ImmutableArray<RegisteredName> RegisteredNames() => Each(static (ref BundleReader r) => new RegisteredName(r.Text(), r.UInt16(), r.IsPresent(), r.IsPresent()));

    private Outcome Outcome()
    {
        var kind = (DecisionKind)Enum(DecisionKind.Rotation);
        if (IsPresent())
            return Lattice.Outcome.Deny(kind, Text());
        int count = Count();
        var values = new List<(Field, FieldValue)>(count);
        for (int i = 0; i < count; i++)
        {
            int place = Byte();
            Check(place < Field.Of(kind).Length, "an outcome has a field that its kind does not");
            Field field = Field.Of(kind)[place];
            values.Add((field, Value(field)));
        }
        return Lattice.Outcome.Allow(kind, values);
    }

    private MaskLeaf Masks() =>
        new(Numbers<int>(), Numbers<int>(), Numbers<long>(), Numbers<int>(), Numbers<int>(), Numbers<ulong>(), Numbers<int>());

    private FieldValue Value(Field field)
    {
        switch (field.Shape)
        {
            case FieldShape.NameList list:
                return new FieldValue.Names(_registry!.Of(field) is { } registered ? Registered(registered) : Names(list));
            case FieldShape.ShortestDuration:
                long seconds = Int64();
                Check(seconds is >= 0 and <= DurationText.MaximumSeconds, "a duration is out of range");
                return new FieldValue.Duration(seconds);
            case FieldShape.Share:
                Check(Fraction.TryCreate(Int32(), Int32(), out Fraction share), "a fraction is out of range");
                return new FieldValue.Share(share);
            case FieldShape.Ladder ladder:
                int rank = Byte();
                Check(rank < ladder.Ranks.Length, "a level is out of range");
                return new FieldValue.Level(rank, ladder.Ranks[rank]);
            default:
                throw new InvalidDataException($"field {field.Name} has a shape that bundles do not hold");
        }
    }

    private ImmutableArray<string> Registered(ImmutableArray<RegisteredName> names)
    {
        ImmutableArray<int> places = Numbers<int>();
        foreach (int place in places)
            Check(place >= 0 && place < names.Length, "a rule names something that its registry subset does not");
        return [.. places.Select(place => names[place].Name)];
    }

    private ImmutableArray<string> Names(FieldShape.NameList list)
    {
        ImmutableArray<string> names = Texts();
        foreach (string name in names)
            Check(list.CodePoints?.ContainsKey(name) != false, "a rule names something that its vocabulary does not");
        return names;
    }

    private long? Limit() => IsPresent() ? Int64() : null;

    private ImmutableArray<string> Texts() => Each(static (ref BundleReader r) => r.Text());

    private ImmutableArray<T> Each<T>(ReadItem<T> read)
    {
        int count = Count();
        ImmutableArray<T>.Builder items = ImmutableArray.CreateBuilder<T>(count);
        for (int i = 0; i < count; i++)
            items.Add(read(ref this));
        return items.MoveToImmutable();
    }

    private ImmutableArray<T> Numbers<T>()
        where T : unmanaged
    {
        int count = Int32();
        Check(count >= 0 && (long)count * Unsafe.SizeOf<T>() <= _left.Length, "a count runs past the end");
        return LittleEndian.Read<T>(Take(count * Unsafe.SizeOf<T>()));
    }

    private string Text() => StrictUtf8.GetString(Take(Count()));

    /// <summary>A count of things that take at least a byte each, so that a damaged one cannot make the reader allocate more than the bundle is long.</summary>
    private int Count()
    {
        int count = Int32();
        Check(count >= 0 && count <= _left.Length, "a count runs past the end");
        return count;
    }

    private bool IsPresent() => Enum(BundleFormat.Present) == BundleFormat.Present;

    private byte Enum<T>(T last)
        where T : struct
    {
        byte value = Byte();
        Check(value <= Convert.ToByte(last, System.Globalization.CultureInfo.InvariantCulture), "a tag is out of range");
        return value;
    }

    private byte Byte() => Take(1)[0];

    private ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    private uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    private long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    private ReadOnlySpan<byte> Take(int length)
    {
        Check(length <= _left.Length, "it ends too early");
        ReadOnlySpan<byte> taken = _left[..length];
        _left = _left[length..];
        return taken;
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException($"the bundle is damaged: {otherwise}");
    }
}
