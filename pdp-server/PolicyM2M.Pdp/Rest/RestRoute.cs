using Google.Protobuf.Reflection;
using PolicyM2M.Wire.V1;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace PolicyM2M.Pdp.Rest;

/// <summary>How an RPC is called without gRPC: a method of HTTP and a path, whose variables are fields of the request. All other fields come in the body where there is one, and otherwise in the query.</summary>
/// <param name="Verb">GET, POST, PUT or DELETE.</param>
/// <param name="Path">The path, with fields in braces.</param>
/// <param name="Rpc">The RPC.</param>
/// <param name="Summary">What it does, for people.</param>
internal sealed record RestRoute(string Verb, string Path, MethodDescriptor Rpc, string Summary)
{
    /// <summary>Every route. Streams have none, but for an import, of which a small file is one message: they are for gRPC.</summary>
    public static IReadOnlyList<RestRoute> All { get; } =
    [
        .. Of(DecisionService.Descriptor,
            ("POST", "/v1/decide", "Decide", "Decides for the caller"),
            ("POST", "/v1/devices/{device_id}/decide", "Decide", "Decides for a device, of which its gateway asks"),
            ("GET", "/v1/signing-keys", "GetSigningKeys", "The keys that sign decisions and statements"),
            ("POST", "/v1/rotations", "ReportRotation", "Tells of a renewed credential and its predecessor")),
        .. Of(PolicyService.Descriptor,
            ("GET", "/v1/status", "GetStatus", "What is served, on trial and refused"),
            ("GET", "/v1/revisions", "ListRevisions", "What is and was active"),
            ("GET", "/v1/rollout/differences", "GetDifferences", "What the candidate decides otherwise"),
            ("POST", "/v1/rollout/promote", "Promote", "The candidate becomes active"),
            ("POST", "/v1/rollout/roll-back", "RollBack", "Goes back, and pins"),
            ("POST", "/v1/rollout/pin", "Pin", "Keeps new commits out"),
            ("POST", "/v1/rollout/unpin", "Unpin", "Lets new commits in again"),
            ("POST", "/v1/rollout/stage", "SetStage", "Sets the stage of the candidate"),
            ("POST", "/v1/rollout/accept", "AcceptHistory", "Lets a rewritten history in")),
        .. Of(DeviceService.Descriptor,
            ("GET", "/v1/devices", "ListDevices", "Devices by id, a page at a time"),
            ("GET", "/v1/devices/{id}", "GetDevice", "One device, and who changed it last"),
            ("PUT", "/v1/devices/{id}", "UpsertDevice", "Makes or changes a device"),
            ("DELETE", "/v1/devices/{id}", "DeleteDevice", "Forgets a device"),
            ("POST", "/v1/devices/{id}/state", "SetDeviceState", "Puts a device into another state"),
            ("POST", "/v1/devices/{id}/risk", "SetDeviceRisk", "Says what risk monitoring sees in a device"),
            ("POST", "/v1/devices/{id}/revoke", "RevokeDevice", "Takes a device's identity back"),
            ("POST", "/v1/devices/{id}/reinstate", "ReinstateDevice", "Brings a revoked or retired device back"),
            ("POST", "/v1/import", "ImportDevices", "Makes or changes the devices of a file"),
            ("GET", "/v1/registry", "GetRegistryStatus", "Whether the registry can be used")),
        .. Of(AuditService.Descriptor,
            ("GET", "/v1/audit/checkpoint", "GetCheckpoint", "The signed state of the audit log"),
            ("GET", "/v1/audit/entries/{number}/proof", "GetInclusionProof", "That a record is in the log"),
            ("GET", "/v1/audit/consistency", "GetConsistencyProof", "That the log of today grew out of an earlier one")),
    ];

    /// <summary>Whether the fields come in a body.</summary>
    public bool HasBody => Verb is "POST" or "PUT";

    /// <summary>The RPC as gRPC names it.</summary>
    public string FullName => $"/{Rpc.Service.FullName}/{Rpc.Name}";

    private static IEnumerable<RestRoute> Of(ServiceDescriptor service, params (string Verb, string Path, string Rpc, string Summary)[] routes) =>
        routes.Select(route => new RestRoute(route.Verb, route.Path, service.FindMethodByName(route.Rpc), route.Summary));
}
