using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A stream of requests to the server's reflection. Both versions of it have the same messages.</summary>
internal sealed class ReflectionCall : IDisposable
{
    private readonly AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> _call;

    private ReflectionCall(AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call) => _call = call;

    /// <summary>Opens one.</summary>
    public static ReflectionCall Begin(GrpcChannel channel, string service, CancellationToken cancel)
    {
        var method = new Method<ServerReflectionRequest, ServerReflectionResponse>(MethodType.DuplexStreaming, service, "ServerReflectionInfo",
            Marshallers.Create(request => request.ToByteArray(), ServerReflectionRequest.Parser.ParseFrom), Marshallers.Create(response => response.ToByteArray(), ServerReflectionResponse.Parser.ParseFrom));
        return new ReflectionCall(channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new CallOptions(cancellationToken: cancel)));
    }

    /// <summary>Asks which services there are.</summary>
    public async Task<string[]> AskAsync(CancellationToken cancel)
    {
        await _call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "*" }, cancel);
        Assert.That(await _call.ResponseStream.MoveNext(cancel));
        return [.. _call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name)];
    }

    public void Dispose() => _call.Dispose();
}
