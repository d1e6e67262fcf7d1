using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement;

/// <summary>
/// What a device says of itself, made ready to be asked about again and again: a claim set that asks again remembers its last answer. Made by <see cref="PolicyClient.Prepare"/>.
/// Immutable but for that; safe for all threads.
/// </summary>
public sealed class ClaimSet
{
    [ThreadStatic]
    private static AttributeValue[]? _buffer;

    private readonly Dictionary<string, AttributeValue> _values;
    private readonly Func<string, DeviceSlot> _slots;
    private volatile DeviceSlot _slot;

    internal ClaimSet(DeviceContext claims, string device, Func<string, DeviceSlot> slots)
    {
        Claims = claims;
        Device = device;
        _slots = slots;
        _slot = slots(device);
        _values = claims.Values.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>What the device says.</summary>
    public DeviceContext Claims { get; }

    /// <summary>The device's id: the last segment of its SPIFFE ID.</summary>
    public string Device { get; }

    /// <summary>What is known of the device.</summary>
    internal DeviceSlot Slot
    {
        get
        {
            DeviceSlot slot = _slot;
            return slot.IsGone ? _slot = _slots(Device) : slot;
        }
    }

    /// <summary>The last answer of each kind.</summary>
    internal Hit?[] Hits { get; } = new Hit?[DecisionKinds.All.Count];

    /// <summary>Room for the values of a region, for this thread and until the next call.</summary>
    internal static AttributeValue[] Buffer(int length) => _buffer is { } buffer && buffer.Length >= length ? buffer : _buffer = new AttributeValue[Math.Max(16, length)];

    /// <summary>What counts as the value of an attribute. What was stated wins, also after its time: a claim does not come true by waiting until nobody vouches for the contrary.</summary>
    internal AttributeValue ValueFor(AttributeDefinition attribute, DeviceFacts facts)
    {
        if (attribute.AgeOf is not null)
            return default;
        if (facts.Statement is { } statement && statement.Values.TryGetValue(attribute.Name, out AttributeValue stated))
            return stated;
        return attribute.Provenance == Provenance.Claimed && _values.TryGetValue(attribute.Name, out AttributeValue claimed) ? claimed : default;
    }

    /// <summary>An answer, for as long as nothing that it rests on has changed.</summary>
    /// <param name="Answer">The answer.</param>
    /// <param name="Facts">What was known of the device; where that is another object now, this is no answer any more.</param>
    /// <param name="UntilTicks">When it ends, by the device's clock.</param>
    internal sealed record Hit(DeviceDecision Answer, DeviceFacts Facts, long UntilTicks);
}
