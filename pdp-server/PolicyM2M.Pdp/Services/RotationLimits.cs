using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using Enum = System.Enum;

namespace PolicyM2M.Pdp.Services;

/// <summary>What a report of a rotation must be to be recorded: complete, and possible.</summary>
internal static class RotationLimits
{
    private const int DigestBytes = 32;

    /// <summary>A device's clock may be wrong; a rotation in the days to come has not happened.</summary>
    private static readonly TimeSpan LargestLead = TimeSpan.FromDays(1);

    /// <exception cref="RpcException">INVALID_ARGUMENT, with the first thing that is wrong.</exception>
    public static void Check(ReportRotationRequest request, DateTimeOffset now)
    {
        RequestLimits.CheckDeviceId(request.DeviceId);
        if (request.Rotation is not { } rotation)
            throw Invalid("there is no rotation");
        CheckDigest(rotation.PredecessorSha256, "predecessor_sha256");
        CheckDigest(rotation.SuccessorSha256, "successor_sha256");
        if (rotation.PredecessorSha256 == rotation.SuccessorSha256)
            throw Invalid("a credential does not come after itself");
        DateTimeOffset begins = Time(rotation.SuccessorNotBefore, "successor_not_before"), ends = Time(rotation.SuccessorNotAfter, "successor_not_after");
        if (ends <= begins)
            throw Invalid("the successor ends before it begins");
        if (Time(rotation.RotatedAt, "rotated_at") is var at && at > now + LargestLead)
            throw Invalid($"rotated_at lies more than {LargestLead.TotalDays} day ahead");
        if (rotation.Cause == RotationCause.Unspecified || !Enum.IsDefined(rotation.Cause))
            throw Invalid($"there is no cause {rotation.Cause:D} of a rotation");
    }

    private static void CheckDigest(ByteString digest, string name)
    {
        if (digest.Length != DigestBytes)
            throw Invalid($"{name} is a SHA-256 and has {DigestBytes} bytes");
    }

    private static DateTimeOffset Time(Timestamp? time, string name)
    {
        try
        {
            return time?.ToDateTimeOffset() ?? throw Invalid($"{name} is missing");
        }
        catch (InvalidOperationException)
        {
            throw Invalid($"{name} is no moment between the years 1 and 9999");
        }
    }

    private static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
