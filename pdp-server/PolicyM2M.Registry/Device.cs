using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry;

/// <summary>A device as the registry knows it. Immutable.</summary>
/// <param name="Id">The id: the last segment of its SPIFFE ID.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Site">Where it is installed; null where nobody said.</param>
/// <param name="Risk">The risk that monitoring sees in it, from 0 to 100; null where nobody said.</param>
/// <param name="Revocation">Why its identity counts no more; null where it does.</param>
/// <param name="Attributes">What else is known of it.</param>
/// <param name="Version">The number of its last change among all changes of the registry: it only grows, also where a device is deleted and comes again.</param>
/// <param name="UpdatedAt">When that was.</param>
public sealed record Device(
    string Id, LifecycleState State, string? Site, int? Risk, Revocation? Revocation, DeviceAttributes Attributes, long Version, DateTimeOffset UpdatedAt)
{
    /// <summary>All that policies can see of it.</summary>
    public DeviceContext ToContext() => DeviceContext.Of([.. Attributes.Items, .. Columns()]);

    /// <summary>Whether this says the same of the device, whenever it was written.</summary>
    public bool SaysTheSameAs(Device other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with { Version = other.Version, UpdatedAt = other.UpdatedAt } == other;
    }

    private IEnumerable<KeyValuePair<string, AttributeValue>> Columns()
    {
        yield return new(AttributeNames.State, AttributeValue.Of(LifecycleStates.Text(State)));
        if (Site is not null)
            yield return new(AttributeNames.Site, AttributeValue.Of(Site));
        if (Risk is { } risk)
            yield return new(AttributeNames.Risk, AttributeValue.Of(risk));
        // Said by the revocation whatever the attribute was before: a revoked credential is one in other hands.
        if (Revocation is not null)
            yield return new(AttributeNames.Compromised, AttributeValue.Of(true));
    }
}

/// <summary>That a device's identity counts no more.</summary>
/// <param name="At">Since when.</param>
/// <param name="Reason">Why, in an operator's words.</param>
public sealed record Revocation(DateTimeOffset At, string Reason);
