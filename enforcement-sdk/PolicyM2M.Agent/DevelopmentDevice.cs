using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent;

/// <summary>What the development device, the controller plc-0042 in a cell of plant 7, says of itself.</summary>
internal static class DevelopmentDevice
{
    /// <param name="issuedAt">When its certificate was issued; its key was made for it.</param>
    public static DeviceContext Claims(DateTimeOffset issuedAt) => DeviceContext.Of(new Dictionary<string, AttributeValue>
    {
        ["device.type"] = AttributeValue.Of("plc"),
        ["firmware.version"] = AttributeValue.Of("2.6.0"),
        ["network.zone"] = AttributeValue.Of("cell"),
        ["network.bearer"] = AttributeValue.Of("wired"),
        ["connectivity.mode"] = AttributeValue.Of("always"),
        ["power.source"] = AttributeValue.Of("mains"),
        ["credential.issued-at"] = AttributeValue.Of(InstantText.Format(issuedAt.ToUnixTimeSeconds())),
        ["key.created-at"] = AttributeValue.Of(InstantText.Format(issuedAt.ToUnixTimeSeconds())),
    });
}
