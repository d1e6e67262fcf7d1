using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Benchmarks.Devices;

/// <summary>
/// A device whose context drifts: what is measured (numbers, durations) moves a little each minute with a chance of one in three, an age grows, and what is configured (words, versions, truths) stays. What the
/// registry says stays too, but for numbers, which move once an hour.
/// </summary>
internal sealed class DriftingDevice
{
    private readonly Random _random;
    private readonly (AttributeDefinition Definition, long Number)[] _moving;
    private readonly bool[] _isVouched;

    public DriftingDevice(int number, Bundle bundle, int seed)
    {
        _random = new Random(seed + number);
        Name = $"device-{number}";
        // Devices of a site come in a few kinds: what is configured is alike among them.
        var kind = new Random(seed + number % 12);
        AttributeDefinition[] tested = [.. bundle.NeededAttributes.Select(name => bundle.Attributes[name]).Where(attribute => attribute.AgeOf is null)];
        AttributeDefinition[] moving = [.. tested.Where(attribute => attribute.Type is AttributeType.Int or AttributeType.Duration)];
        _moving = [.. moving.Select(attribute => (attribute, Between(_random, Low(attribute), High(attribute))))];
        _isVouched = [.. moving.Select(attribute => attribute.Provenance != Provenance.Claimed)];
        foreach (AttributeDefinition attribute in tested.Except(moving))
        {
            AttributeValue value = attribute.Name == "device.id" ? AttributeValue.Of(Name) : Configured(attribute, kind);
            if (attribute.Provenance == Provenance.Claimed)
                Claims = Claims.With(attribute.Name, value);
            else
                Registered = Registered.With(attribute.Name, value);
        }
        Move(isHour: true);
    }

    public string Name { get; }

    public DeviceContext Claims { get; private set; } = DeviceContext.Empty;

    public DeviceContext Registered { get; private set; } = DeviceContext.Empty;

    /// <summary>A minute passes.</summary>
    public void Move(bool isHour)
    {
        for (int i = 0; i < _moving.Length; i++)
        {
            (AttributeDefinition definition, long number) = _moving[i];
            if (_isVouched[i] ? !isHour : _random.Next(3) != 0)
                continue;
            long step = Math.Max(1, (High(definition) - Low(definition)) / 200);
            number = definition.Name.EndsWith(".age", StringComparison.Ordinal) ? number + 60 : Math.Clamp(number + Between(_random, -step, step), Low(definition), High(definition));
            _moving[i].Number = number;
            AttributeValue value = definition.Type == AttributeType.Duration ? AttributeValue.Of(DurationText.Format(number)) : AttributeValue.Of(number);
            if (_isVouched[i])
                Registered = Registered.With(definition.Name, value);
            else
                Claims = Claims.With(definition.Name, value);
        }
    }

    private static long Low(AttributeDefinition attribute) => attribute.Minimum ?? 0;

    private static long High(AttributeDefinition attribute) => Math.Min(attribute.Maximum ?? long.MaxValue, attribute.Type == AttributeType.Duration ? 40 * 86_400 : 10_000);

    private static long Between(Random random, long low, long high) => random.NextInt64(low, high + 1);

    private static AttributeValue Configured(AttributeDefinition attribute, Random kind) => attribute.Type switch
    {
        AttributeType.Bool => AttributeValue.Of(kind.Next(2) == 0),
        AttributeType.Version => AttributeValue.Of($"{kind.Next(1, 4)}.{kind.Next(0, 9)}.0"),
        AttributeType.Instant => AttributeValue.Of(InstantText.Format(DateTimeOffset.UnixEpoch.AddYears(56).AddDays(kind.Next(0, 300)).ToUnixTimeSeconds())),
        AttributeType.Address => AttributeValue.Of($"10.0.{kind.Next(0, 256)}.7"),
        AttributeType.Set => AttributeValue.Of(attribute.Values.Where(_ => kind.Next(2) == 0)),
        _ => AttributeValue.Of(attribute.Values.IsEmpty ? $"word-{kind.Next(0, 4)}" : attribute.Name == "lifecycle.state" ? "active" : attribute.Values[kind.Next(attribute.Values.Length)]),
    };
}
