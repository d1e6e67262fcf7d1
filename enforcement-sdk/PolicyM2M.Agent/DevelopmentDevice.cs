using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent;

/// <summary>What the development device, the controller plc-0042 in a cell of plant 7, says of itself.</summary>
internal static class DevelopmentDevice
{
    public static DeviceContext Claims { get; } = DeviceContext.Of(new Dictionary<string, AttributeValue>
    {
        ["device.type"] = AttributeValue.Of("plc"),
        ["firmware.version"] = AttributeValue.Of("2.6.0"),
        ["network.zone"] = AttributeValue.Of("cell"),
        ["network.bearer"] = AttributeValue.Of("wired"),
        ["connectivity.mode"] = AttributeValue.Of("always"),
        ["power.source"] = AttributeValue.Of("mains"),
        ["credential.age"] = AttributeValue.Of("6d"),
        ["key.age"] = AttributeValue.Of("6d"),
    });
}
