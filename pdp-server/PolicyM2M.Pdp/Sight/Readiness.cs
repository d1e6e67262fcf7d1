using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;

namespace PolicyM2M.Pdp.Sight;

/// <summary>
/// Whether the server should be asked: one that is draining will be gone, one that must record and cannot answers nobody, and one that has no registry tells everybody the strictest while
/// another replica may know better. A revision serves whenever the server runs, since without one it does not start.
/// </summary>
internal sealed class Readiness(RegistryState registry, AuditTrail audit, Draining draining)
{
    /// <summary>Why it should not be asked; nothing where it should. What is wrong with a database or a disk is for the log, and not for here: whoever looks need not be trusted.</summary>
    public IReadOnlyList<string> WhyNot()
    {
        List<string> reasons = [];
        if (draining.IsDraining)
            reasons.Add("the server is shutting down");
        if (!registry.IsAvailable)
            reasons.Add("the device registry cannot be reached");
        if (!audit.MayAnswer)
            reasons.Add("the audit log cannot be written");
        return reasons;
    }
}
