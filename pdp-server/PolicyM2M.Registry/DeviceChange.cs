namespace PolicyM2M.Registry;

/// <summary>What can be done to a device. Each is a function from the device as it is to the device as it will be, so that a store needs to know none of them.</summary>
public abstract record DeviceChange
{
    private DeviceChange()
    {
    }

    /// <summary>The verb, as the history of changes keeps it.</summary>
    public abstract string Verb { get; }

    /// <summary>Why, in an operator's words; null where none is wanted.</summary>
    public virtual string? Because => null;

    /// <summary>The device after the change; null where it is gone. Version and instant are for the store to set.</summary>
    /// <exception cref="DeviceRefusedException">The change is not allowed.</exception>
    internal abstract Device? Apply(string id, Device? current, DateTimeOffset now);

    /// <summary>Makes a device, or changes what is given of one that is there.</summary>
    /// <param name="State">Its state; null leaves it, and a new device is onboarding.</param>
    /// <param name="Site">Its site; null leaves it, and an empty one takes it away.</param>
    /// <param name="Risk">Its risk; null leaves it.</param>
    /// <param name="Attributes">All its other attributes: what is not among them is taken away.</param>
    /// <param name="ExpectedVersion">The version that the device must have, 0 for none at all; null for any.</param>
    public sealed record Upsert(LifecycleState? State, string? Site, int? Risk, DeviceAttributes Attributes, long? ExpectedVersion = null) : DeviceChange
    {
        /// <inheritdoc/>
        public override string Verb => "upsert";

        internal override Device? Apply(string id, Device? current, DateTimeOffset now)
        {
            if (ExpectedVersion is { } expected && expected != (current?.Version ?? 0))
                throw Refused(RefusalKind.Conflict, current is null ? $"there is no device `{id}`, and version {expected} of it was expected"
                    : $"`{id}` is at version {current.Version}, and version {expected} was expected; read it again and decide anew");
            Device before = current ?? new Device(id, LifecycleState.Onboarding, null, null, null, DeviceAttributes.None, 0, now);
            return (current is null ? before with { State = State ?? before.State } : Moved(before, State ?? before.State)) with
            {
                Site = Site is null ? before.Site : Site.Length == 0 ? null : Site,
                Risk = Risk ?? before.Risk,
                Attributes = Attributes,
            };
        }
    }

    /// <summary>Puts a device into another state, where the lifecycle lets that state follow.</summary>
    public sealed record SetState(LifecycleState State, string? Reason = null) : DeviceChange
    {
        /// <inheritdoc/>
        public override string Verb => $"state {LifecycleStates.Text(State)}";

        /// <inheritdoc/>
        public override string? Because => Reason;

        internal override Device? Apply(string id, Device? current, DateTimeOffset now) => Moved(Known(id, current), State);
    }

    /// <summary>Says what risk monitoring sees in a device; null for none said.</summary>
    public sealed record SetRisk(int? Risk, string? Reason = null) : DeviceChange
    {
        /// <inheritdoc/>
        public override string Verb => Risk is { } risk ? $"risk {risk}" : "risk unknown";

        /// <inheritdoc/>
        public override string? Because => Reason;

        internal override Device? Apply(string id, Device? current, DateTimeOffset now) => Known(id, current) with { Risk = Risk };
    }

    /// <summary>Takes a device's identity back. To revoke what is revoked changes nothing: the first reason stays.</summary>
    public sealed record Revoke(string Reason) : DeviceChange
    {
        /// <inheritdoc/>
        public override string Verb => "revoke";

        /// <inheritdoc/>
        public override string? Because => Reason;

        internal override Device? Apply(string id, Device? current, DateTimeOffset now) =>
            Known(id, current) is { Revocation: null } device ? device with { Revocation = new Revocation(now, Reason) } : current;
    }

    /// <summary>Brings back a device that was revoked or retired: it begins anew, with onboarding.</summary>
    public sealed record Reinstate(string Reason) : DeviceChange
    {
        internal const string Name = "reinstate";

        /// <inheritdoc/>
        public override string Verb => Name;

        /// <inheritdoc/>
        public override string? Because => Reason;

        internal override Device? Apply(string id, Device? current, DateTimeOffset now) =>
            Known(id, current) is { Revocation: null, State: not LifecycleState.Retired } device
                ? throw Refused(RefusalKind.NotAllowed, $"`{id}` is {LifecycleStates.Text(device.State)} and not revoked: only a revoked or retired device is reinstated")
                : current! with { State = LifecycleState.Onboarding, Revocation = null };
    }

    /// <summary>Forgets a device. A revoked one stays: forgotten, it could come back in good standing while its certificate still holds.</summary>
    public sealed record Delete(string? Reason = null) : DeviceChange
    {
        /// <inheritdoc/>
        public override string Verb => "delete";

        /// <inheritdoc/>
        public override string? Because => Reason;

        internal override Device? Apply(string id, Device? current, DateTimeOffset now) => Known(id, current) is { Revocation: null }
            ? null
            : throw Refused(RefusalKind.NotAllowed, $"`{id}` is revoked, and stays, so that nobody brings it back unnoticed; reinstate it first, with a reason");
    }

    /// <summary>That there is no such device.</summary>
    public static Refusal NotThere(string id) => new(RefusalKind.NotFound, $"there is no device `{id}`");

    private static Device Known(string id, Device? current) => current ?? throw new DeviceRefusedException(NotThere(id));

    private static Device Moved(Device device, LifecycleState state) => LifecycleStates.MayFollow(device.State, state)
        ? device with { State = state }
        : throw Refused(RefusalKind.NotAllowed,
            $"`{device.Id}` is {LifecycleStates.Text(device.State)}, and {LifecycleStates.Text(state)} cannot follow; what can: {LifecycleStates.Following(device.State)}"
            + (device.State == LifecycleState.Retired ? "; a retired device comes back by being reinstated, with a reason" : ""));

    private static DeviceRefusedException Refused(RefusalKind kind, string message) => new(new Refusal(kind, message));
}
