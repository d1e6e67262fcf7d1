using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>When something happened, who asked for it, and which device it is about.</summary>
/// <param name="Time">When.</param>
/// <param name="Caller">Who; null for nobody.</param>
/// <param name="Device">The device's id; empty for none.</param>
/// <param name="Pseudonyms">How the log names devices.</param>
internal sealed record AuditSubject(DateTimeOffset Time, Caller? Caller, string Device, Pseudonyms Pseudonyms)
{
    /// <summary>A record of it that says nothing more yet.</summary>
    public AuditRecord Record() => new() { Time = Time.ToTimestamp(), Caller = CallerName(), Device = Pseudonyms.NameOf(Device) };

    /// <summary>A device's own certificate names it too, and so may one of which no role is known; people and gateways are named.</summary>
    private string CallerName() => Caller is null ? ""
        : Pseudonyms.AreUsed && Caller.Role == Roles.Device ? $"device {Pseudonyms.NameOf(Caller.Name)}"
        : Pseudonyms.AreUsed && Caller.Role == Roles.None ? $"caller {Pseudonyms.NameOf(Caller.Id.ToString())}"
        : Caller.Id.ToString();
}
