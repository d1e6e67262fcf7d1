using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace PolicyM2M.Agent.Local.Protocol;

/// <summary>The methods of a service, by their paths. Generated code binds them here; nothing is found by reflection.</summary>
internal sealed class MethodTable : ServiceBinderBase
{
    private readonly Dictionary<string, Func<HttpContext, LocalCall, Task>> _methods = new(StringComparer.Ordinal);

    /// <summary>Answers a call; null where there is no such method.</summary>
    public Func<HttpContext, LocalCall, Task>? Find(string path) => _methods.GetValueOrDefault(path);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => _methods[method.FullName] = async (http, call) =>
    {
        TResponse response = await handler!(await OneAsync(http, method, call), call);
        await Frames.WriteAsync(http.Response.BodyWriter, method.ResponseMarshaller, response, call.CancellationToken);
    };

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => _methods[method.FullName] = async (http, call) =>
        await handler!(await OneAsync(http, method, call), new Answers<TResponse>(http, method.ResponseMarshaller, call), call);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => _methods[method.FullName] = (http, call) =>
        handler!(new Requests<TRequest>(http, method.RequestMarshaller), new Answers<TResponse>(http, method.ResponseMarshaller, call), call);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        throw new NotSupportedException("the contract has no such method");

    private static async ValueTask<TRequest> OneAsync<TRequest, TResponse>(HttpContext http, Method<TRequest, TResponse> method, LocalCall call)
        where TRequest : class
        where TResponse : class
    {
        (bool isThere, TRequest request) = await Frames.ReadAsync(http.Request.BodyReader, method.RequestMarshaller, call.CancellationToken);
        return isThere ? request : throw new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument, "there is no request"));
    }

    private sealed class Requests<T>(HttpContext http, Marshaller<T> marshaller) : IAsyncStreamReader<T>
    {
        public T Current { get; private set; } = default!;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            (bool isThere, Current) = await Frames.ReadAsync(http.Request.BodyReader, marshaller, cancellationToken);
            return isThere;
        }
    }

    private sealed class Answers<T>(HttpContext http, Marshaller<T> marshaller, LocalCall call) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(T message) => WriteAsync(message, call.CancellationToken);

        public async Task WriteAsync(T message, CancellationToken cancellationToken) => await Frames.WriteAsync(http.Response.BodyWriter, marshaller, message, cancellationToken);
    }
}
