using Grpc.Core;

namespace PolicyM2M.Pdp.Services;

/// <summary>A gateway asks about a device, and nobody knows now whether it may: UNAVAILABLE for this device, and for no other.</summary>
internal sealed class SiteUnknownException() : RpcException(
    new Status(StatusCode.Unavailable, "the registry cannot be reached, so nobody knows which devices are at the gateway's site"));
