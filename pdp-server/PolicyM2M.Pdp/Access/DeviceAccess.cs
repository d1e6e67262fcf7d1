using System.Diagnostics.CodeAnalysis;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Access;

/// <summary>For which devices a caller may speak.</summary>
internal static class DeviceAccess
{
    /// <summary>
    /// Whether <paramref name="caller"/> may speak for <paramref name="device"/>: everybody for themselves, a gateway also for
    /// the devices whose <c>location.site</c> in the registry is its own. Where the registry does not say, nobody may.
    /// </summary>
    public static bool Allows(Caller caller, string device, DeviceRegistry registry, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        if (device == caller.Name)
            return true;
        if (caller.Role != Roles.Gateway)
            reason = "a device may ask only about itself";
        else if (registry.SiteOf(caller.Name) is not { } site)
            reason = "the registry does not say at which site the gateway is";
        else if (registry.SiteOf(device) != site)
            reason = $"the device is not registered at the gateway's site {site}";
        return reason is null;
    }
}
