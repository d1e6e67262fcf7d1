using Google.Protobuf;
using PolicyM2M.Pdp.Services;
using PolicyM2M.Registry;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Access;

/// <summary>What a call to read is about: what was not asked for was not seen.</summary>
/// <param name="Device">The device; empty where it is not about one.</param>
/// <param name="Filter">Which devices of a list, for people; empty for all.</param>
internal readonly record struct AskedFor(string Device, string Filter)
{
    /// <summary>
    /// What a request asks for. Where in the audit log somebody reads is not said: who follows the log would fill it with where they are. What is no device's id and no site is refused, and tells nothing.
    /// </summary>
    public static AskedFor Of(IMessage request) => request switch
    {
        GetDeviceRequest one => new(DeviceRules.FaultOfId(one.Id) is null ? one.Id : "", ""),
        ListDevicesRequest some => new("", string.Join(", ", Filters(some))),
        _ => new("", ""),
    };

    private static IEnumerable<string> Filters(ListDevicesRequest list)
    {
        if (list.Site.Length > 0 && DeviceRules.FaultOfText("the site", list.Site) is null)
            yield return $"site {list.Site}";
        if (list.State != DeviceState.Unspecified && Enum.IsDefined(list.State))
            yield return $"state {LifecycleStates.Text(DeviceMapping.State(list.State)!.Value)}";
    }
}
