using System.Collections.Frozen;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace PolicyM2M.Pdp.Limits;

/// <summary>
/// The paths of RPCs that are streams. Calls are counted before anything looks for who answers them, so these are known by themselves. The router takes other spellings of a path for the same; the table of access does
/// not, so that nobody gets further with one.
/// </summary>
internal sealed class StreamPaths(EndpointDataSource endpoints)
{
    private readonly Lazy<FrozenSet<string>> _paths = new(() => endpoints.Endpoints
        .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method).OfType<IMethod>()
        .Where(method => method.Type != MethodType.Unary).Select(method => method.FullName).ToFrozenSet(StringComparer.Ordinal));

    /// <summary>Whether a path is a stream's. It is first asked when everything is mapped.</summary>
    public bool Contains(PathString path) => path.Value is { } name && _paths.Value.Contains(name);
}
