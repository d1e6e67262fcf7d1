using Grpc.Core;
using PolicyM2M.Wire.V1;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace PolicyM2M.Pdp.Services;

/// <summary>
/// Binds `Decide` to bytes and everything else of the service to messages: an answer is remembered by the bytes of its request, and as bytes. Reflection takes its descriptor from here, as it does from generated code.
/// </summary>
internal static class DecideBinding
{
    private const string Decide = "Decide";

    private static readonly Method<byte[], AnswerBytes> Method = new(
        MethodType.Unary, DecisionService.Descriptor.FullName, Decide,
        new Marshaller<byte[]>((_, _) => throw new NotSupportedException("a request is only read here"), context => context.PayloadAsNewBuffer()),
        new Marshaller<AnswerBytes>((answer, context) => answer.Write(context), _ => throw new NotSupportedException("an answer is only written here")));

    /// <summary>What the service is.</summary>
    public static ServiceDescriptor Descriptor => DecisionService.Descriptor;

    /// <summary>Binds `Decide`.</summary>
    public static void BindDecide(ServiceBinderBase binder, DecideBase? service) =>
        binder.AddMethod(Method, service is null ? null! : service.Decide);

    /// <summary>Binds the others.</summary>
    public static void BindOthers(ServiceBinderBase binder, DecisionService.DecisionServiceBase? service) => DecisionService.BindService(new Others(binder), service);

    /// <summary>What is bound, in the shape that generated code has: bound methods are found by what they override.</summary>
    internal abstract class DecideBase
    {
        public abstract Task<AnswerBytes> Decide(byte[] request, ServerCallContext context);
    }

    private sealed class Others(ServiceBinderBase binder) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        {
            if (method.Name != Decide)
                binder.AddMethod(method, handler);
        }

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => binder.AddMethod(method, handler);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => binder.AddMethod(method, handler);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => binder.AddMethod(method, handler);
    }
}
