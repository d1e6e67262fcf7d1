using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Registry;
using PolicyM2M.Registry.Files;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>Devices between the contract and the registry. What the contract cannot say is refused with INVALID_ARGUMENT.</summary>
internal static class DeviceMapping
{
    /// <param name="device">The device, as the registry knows it.</param>
    /// <param name="held">Those who are revoked here although the registry does not say so.</param>
    public static V1.Device ToWire(Device device, IReadOnlySet<string> held)
    {
        var wire = new V1.Device
        {
            Id = device.Id,
            State = (V1.DeviceState)(device.State + 1),
            Version = (ulong)device.Version,
            UpdatedAt = device.UpdatedAt.ToTimestamp(),
            Revocation = device.Revocation is { } revocation ? new V1.DeviceRevocation { At = revocation.At.ToTimestamp(), Reason = revocation.Reason } : null,
            HeldRevoked = device.Revocation is null && held.Contains(device.Id),
        };
        if (device.Site is { } site)
            wire.Site = site;
        if (device.Risk is { } risk)
            wire.Risk = risk;
        foreach ((string name, Engine.Contexts.AttributeValue value) in device.Attributes.Items)
            wire.Attributes[name] = WireMapping.ToWire(value);
        return wire;
    }

    public static V1.DeviceHistoryEntry ToWire(DeviceHistory history) => new()
    {
        Version = (ulong)history.Sequence,
        At = history.At.ToTimestamp(),
        Actor = history.Actor,
        Verb = history.Verb,
        Reason = history.Reason ?? "",
    };

    public static V1.ImportFault ToWire(ImportFault fault) => new() { Line = fault.Line, Column = fault.Column, Message = fault.Message };

    public static string Id(string id) => DeviceRules.FaultOfId(id) is { } fault ? throw Invalid(fault) : id;

    /// <summary>A state; null where it is left open.</summary>
    public static LifecycleState? State(V1.DeviceState state) => state switch
    {
        V1.DeviceState.Unspecified => null,
        _ when System.Enum.IsDefined(state) => (LifecycleState)(state - 1),
        _ => throw Invalid($"there is no state {state:D}"),
    };

    public static string Reason(string reason, bool isRequired)
    {
        if (isRequired && string.IsNullOrWhiteSpace(reason))
            throw Invalid("there is no reason; say why, for those who read the history");
        return DeviceRules.FaultOfText("the reason", reason) is { } fault ? throw Invalid(fault) : reason;
    }

    public static int Risk(int risk) => DeviceRules.FaultOfRisk(risk) is { } fault ? throw Invalid(fault) : risk;

    public static string Site(string site) => DeviceRules.FaultOfText("the site", site) is { } fault ? throw Invalid(fault) : site;

    public static DeviceAttributes Attributes(MapField<string, V1.AttributeValue> attributes)
    {
        if (attributes.Count > DeviceRules.MaximumAttributes)
            throw Invalid($"there are {attributes.Count} attributes, and at most {DeviceRules.MaximumAttributes} may be given");
        List<KeyValuePair<string, Engine.Contexts.AttributeValue>> values = [];
        foreach ((string name, V1.AttributeValue wire) in attributes)
        {
            string? fault = DeviceRules.FaultOfName(name)
                ?? (AttributeNames.IsColumn(name) ? $"`{name}` is a field of its own, and not among the attributes" : null)
                ?? (wire.ValueCase == V1.AttributeValue.ValueOneofCase.None ? $"`{name}` has no value; leave it out where it is not known" : null);
            if (fault is not null)
                throw Invalid(fault);
            Engine.Contexts.AttributeValue value = WireMapping.FromWire(wire);
            if (DeviceRules.FaultOfValue(name, value) is { } unusable)
                throw Invalid(unusable);
            values.Add(KeyValuePair.Create(name, value));
        }
        return DeviceAttributes.Of(values);
    }

    public static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));

    /// <summary>What whoever asks is told of a registry that cannot be used.</summary>
    public static string Words(RegistryUnavailableException fault) =>
        fault.IsBusy ? $"the registry is busy with another change, and this one was not made: ask again ({fault.Message})" : $"the registry cannot be reached: {fault.Message}";

    public static RpcException Refused(Refusal refusal) => new(new Status(refusal.Kind switch
    {
        RefusalKind.NotFound => StatusCode.NotFound,
        RefusalKind.Conflict => StatusCode.Aborted,
        _ => StatusCode.FailedPrecondition,
    }, refusal.Message));
}
