using System.Collections.Frozen;
using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Access;

/// <summary>Who may call what. What is not in the table, nobody may call.</summary>
internal static class AccessTable
{
    private static readonly FrozenDictionary<string, Roles> Table = new Dictionary<string, Roles>
    {
        // About which devices a device or a gateway may ask is for DeviceAccess to say.
        ["/policym2m.v1.DecisionService/Decide"] = Roles.Device | Roles.Gateway,
        ["/policym2m.v1.DecisionService/DecideStream"] = Roles.Device | Roles.Gateway,
        ["/policym2m.v1.DecisionService/GetBundle"] = Roles.Device | Roles.Gateway,
        ["/policym2m.v1.DecisionService/Watch"] = Roles.Device | Roles.Gateway,
        ["/policym2m.v1.DecisionService/WatchDevices"] = Roles.Device | Roles.Gateway,
        ["/policym2m.v1.DecisionService/ReportRotation"] = Roles.Device | Roles.Gateway,

        ["/policym2m.v1.DecisionService/GetSigningKeys"] = Roles.Any,

        ["/policym2m.v1.PolicyService/GetStatus"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/ListRevisions"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/Promote"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/RollBack"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/Pin"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/Unpin"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/SetStage"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/AcceptHistory"] = Roles.Operator,
        ["/policym2m.v1.PolicyService/GetDifferences"] = Roles.Operator,

        ["/policym2m.v1.DeviceService/UpsertDevice"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/GetDevice"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/ListDevices"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/SetDeviceState"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/SetDeviceRisk"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/RevokeDevice"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/ReinstateDevice"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/DeleteDevice"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/ImportDevices"] = Roles.Operator,
        ["/policym2m.v1.DeviceService/GetRegistryStatus"] = Roles.Operator,

        ["/policym2m.v1.AuditService/GetCheckpoint"] = Roles.Auditor,
        ["/policym2m.v1.AuditService/ListEntries"] = Roles.Auditor,
        ["/policym2m.v1.AuditService/GetInclusionProof"] = Roles.Auditor,
        ["/policym2m.v1.AuditService/GetConsistencyProof"] = Roles.Auditor,

        // Health and reflection say nothing that a certificate of the trust domain should not know.
        ["/grpc.health.v1.Health/Check"] = Roles.Any,
        ["/grpc.health.v1.Health/Watch"] = Roles.Any,
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = Roles.Any,
        ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = Roles.Any,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The RPCs of the table.</summary>
    public static IEnumerable<string> Rpcs => Table.Keys;

    /// <summary>The roles that may call an RPC.</summary>
    public static Roles RolesOf(string rpc) => Table.GetValueOrDefault(rpc, Roles.None);

    /// <summary>Whether an RPC only tells operators or auditors something. What it tells devices is no secret from them.</summary>
    public static bool IsRead(string rpc) => (RolesOf(rpc) & (Roles.Device | Roles.Gateway)) == 0 && rpc[(rpc.LastIndexOf('/') + 1)..] is var name
        && (name.StartsWith("Get", StringComparison.Ordinal) || name.StartsWith("List", StringComparison.Ordinal));

    /// <summary>Whether a role may call an RPC.</summary>
    public static bool Allows(string rpc, Roles role) => (RolesOf(rpc) & role) != 0;
}
