using System.Diagnostics.CodeAnalysis;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Access;

/// <summary>For which devices a caller may speak.</summary>
internal static class DeviceAccess
{
    /// <summary>
    /// Whether <paramref name="caller"/> may speak for <paramref name="device"/>: everybody for themselves, a gateway also for
    /// the devices whose <c>location.site</c> in the registry is its own. Where the registry does not say, nobody may.
    /// Whoever is revoked speaks for nobody, and nobody for them.
    /// </summary>
    public static bool Allows(Caller caller, string device, DeviceRegistry registry, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        if (registry.IsRevoked(caller.Name))
            reason = "the caller is revoked";
        else if (device == caller.Name)
            return true;
        else if (registry.IsRevoked(device))
            reason = "the device is revoked";
        else if (caller.Role != Roles.Gateway)
            reason = "a device may ask only about itself";
        else if (registry.SiteOf(caller.Name) is not { } site)
            reason = "the registry does not say at which site the gateway is";
        else if (registry.SiteOf(device) != site)
            reason = $"the device is not registered at the gateway's site {site}";
        return reason is null;
    }
}
