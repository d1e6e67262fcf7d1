using Google.Protobuf;
using Grpc.Core;

namespace PolicyM2M.Pdp.Rest;

/// <summary>The RPCs of bound services that take one message, or a stream that may be of one, by their full names, to be called with messages. Filled while the server starts, and then only read.</summary>
internal sealed class RestRpcs : ServiceBinderBase
{
    private readonly Dictionary<string, Func<IMessage, ServerCallContext, Task<IMessage>>> _calls = new(StringComparer.Ordinal);

    public Func<IMessage, ServerCallContext, Task<IMessage>> this[string fullName] => _calls[fullName];

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _calls.Add(method.FullName, async (request, context) => (IMessage)(object)await handler((TRequest)request, context));
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
    }

    /// <summary>With one message in, and all that is answered in one.</summary>
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _calls.Add(method.FullName, async (request, context) =>
        {
            var answer = new RestWhole<TResponse>();
            await handler(new RestSingle<TRequest>((TRequest)request), answer, context);
            return answer.Whole;
        });
    }
}
