using Grpc.Core;

namespace PolicyM2M.Pdp.Rest;

/// <summary>A request that is refused with a status of HTTP of its own, which says more than the one that goes with the code.</summary>
/// <param name="httpStatus">The status of HTTP.</param>
/// <param name="status">The code and the message.</param>
internal sealed class RestRefusal(int httpStatus, Status status) : Exception(status.Detail)
{
    public int HttpStatus => httpStatus;

    public Status Status => status;
}
