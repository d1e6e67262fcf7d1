using Grpc.Core;
using Grpc.Core.Interceptors;
using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Access;

/// <summary>Holds every call of every service against the table, before the service sees it.</summary>
internal sealed class AccessInterceptor(Denials denials) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        CallerConnection connection = context.GetHttpContext().CallerConnection();
        Standing standing = connection.Standing();
        Caller caller = standing.Caller ?? connection.First;
        if (standing.Refusal is { } refusal)
            throw denials.Deny(context.Method, caller, new Status(StatusCode.Unauthenticated, $"the certificate of {caller.Id} is no longer accepted; connect with a new one"), refusal);
        if (!AccessTable.Allows(context.Method, caller.Role))
        {
            throw denials.Deny(context.Method, caller, new Status(StatusCode.PermissionDenied, $"{caller.Id} may not call {context.Method}"),
                caller.Role == Roles.None ? "its identity has no role" : $"not for the role {caller.Role}");
        }
    }
}
