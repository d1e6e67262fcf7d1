using Grpc.Core;
using Grpc.Core.Interceptors;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Access;

/// <summary>Holds every call of every service against the table, before the service sees it, and so every message of a stream of requests.</summary>
internal sealed class AccessInterceptor(CallAccess access, CallerLoads loads, TimeProvider clock, IHostApplicationLifetime lifetime) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        access.Check(context, request);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        access.Check(context, request);
        return continuation(request, responseStream, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        access.Check(context);
        using StreamMessages<TRequest> messages = Messages(requestStream, context);
        return await continuation(messages, context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        access.Check(context);
        if (typeof(TRequest) == typeof(DecideStreamRequest))
        {
            // It does the same itself, since it can tell its caller which message is beyond a limit.
            await continuation(requestStream, responseStream, context);
            return;
        }
        using StreamMessages<TRequest> messages = Messages(requestStream, context);
        await continuation(messages, responseStream, context);
    }

    private StreamMessages<T> Messages<T>(IAsyncStreamReader<T> messages, ServerCallContext context) =>
        new(messages, context, access, loads, clock, lifetime.ApplicationStopping) { HoldPlaces = typeof(T) != typeof(WatchDevicesRequest) };
}
