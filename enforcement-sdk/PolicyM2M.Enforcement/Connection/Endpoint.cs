using Grpc.Core;
using Grpc.Net.Client;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>One decision point and how it was found when last tried. Mutable; safe for all threads.</summary>
internal sealed class Endpoint(Uri address, GrpcChannel channel) : IDisposable
{
    private volatile int _standing;

    public Uri Address { get; } = address;

    public V1.DecisionService.DecisionServiceClient Service { get; } = new(channel);

    public CallInvoker Calls { get; } = channel.CreateCallInvoker();

    /// <summary>Whether it answered when it was last tried; null while it was not.</summary>
    public bool? IsUp => _standing switch { 0 => null, var standing => standing > 0 };

    /// <summary>How often in a row it answered a trial while another one was asked.</summary>
    public int Trials { get; set; }

    public void Answered() => _standing = 1;

    public void Failed() => _standing = -1;

    public void Dispose() => channel.Dispose();

    /// <summary>Whether a failure says nothing but that nobody was there: whoever answers no is up.</summary>
    public static bool IsAbsence(Exception failure) => failure is RpcException rpc && CallFailure.IsUnreachable(rpc);
}
