using Grpc.Core;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Why a call failed: because nobody answered, or somebody who could not (overloaded, broken), which the cache may bridge; or because the
/// answer was no, which nothing may. A decision point that fails must not cost a fleet its decisions.
/// </summary>
internal static class CallFailure
{
    public static bool IsUnreachable(Exception failure) => failure is ObjectDisposedException or RpcException
    {
        StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Internal or StatusCode.ResourceExhausted
            or StatusCode.Aborted or StatusCode.Unknown,
    };

    /// <summary>Whether there are too many who ask, or this one asks too often: whoever asks for much must not come again at once.</summary>
    public static bool IsOfTooMany(Exception failure) => failure is RpcException { StatusCode: StatusCode.ResourceExhausted };

    /// <summary>Whether the decision point will not speak to this device: then nothing that it said before counts any more.</summary>
    public static bool IsUnwelcome(Exception failure) => failure is RpcException { StatusCode: StatusCode.PermissionDenied or StatusCode.Unauthenticated };

    /// <summary>Whether the failure is the call's own, and no defect of ours. A call that begins just when its connection is left finds that disposed of.</summary>
    public static bool IsOfTheCall(Exception failure) => failure is RpcException or WireException or ObjectDisposedException;

    /// <summary>What failed, in one line and without what the peer may have put into it beyond that.</summary>
    public static string Reason(Exception failure, PolicyClientOptions options, Uri address, bool wasConnected)
    {
        string text = failure is ObjectDisposedException ? "the connection was left for a new one"
            : failure is not RpcException rpc ? failure.Message
            : ConnectionFailure.Reason(rpc.Status.DebugException, address, options.TrustPath, wasConnected)
                ?? (rpc.StatusCode == StatusCode.DeadlineExceeded ? $"it did not answer within {options.CallTimeout.TotalSeconds:0.###} s" : $"{rpc.StatusCode}: {rpc.Status.Detail}");
        string line = text.ReplaceLineEndings(" ");
        return line.Length > 300 ? line[..300] + "…" : line;
    }
}
