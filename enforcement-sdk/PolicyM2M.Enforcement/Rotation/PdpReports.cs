using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Tells a decision point of rotations, over the channel on which it also decides.</summary>
public static class PdpReports
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <summary>A reporter for one device.</summary>
    /// <param name="calls">Gives the connection to use at the moment: after a rotation it is another.</param>
    /// <param name="device">The device's id; empty for the one that calls.</param>
    /// <param name="time">The clock.</param>
    public static RotationReporter To(Func<CallInvoker> calls, string device, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(calls);
        ArgumentNullException.ThrowIfNull(time);
        return async (report, cancellation) =>
        {
            try
            {
                var request = new ReportRotationRequest { DeviceId = device, Rotation = ToWire(report) };
                await new DecisionService.DecisionServiceClient(calls()).ReportRotationAsync(request, deadline: (time.GetUtcNow() + Deadline).UtcDateTime, cancellationToken: cancellation).ConfigureAwait(false);
                return ReportDelivery.Taken;
            }
            catch (RpcException refusal) when (refusal.StatusCode == StatusCode.InvalidArgument)
            {
                // Only this cannot change: who is denied may be allowed again, and a decision point that does not know reports may be newer tomorrow.
                return ReportDelivery.Refused(refusal.Status.Detail);
            }
        };
    }

    private static Wire.V1.CredentialRotation ToWire(RotationReport report) => new()
    {
        PredecessorSha256 = ByteString.CopyFrom(Convert.FromHexString(report.PredecessorFingerprint)),
        SuccessorSha256 = ByteString.CopyFrom(Convert.FromHexString(report.Successor.Fingerprint)),
        SuccessorNotBefore = report.Successor.Times.NotBefore.ToTimestamp(),
        SuccessorNotAfter = report.Successor.Times.NotAfter.ToTimestamp(),
        RotatedAt = report.At.ToTimestamp(),
        Cause = report.Cause switch
        {
            RotationCause.KeyDue => Wire.V1.RotationCause.KeyDue,
            RotationCause.Ordered => Wire.V1.RotationCause.Ordered,
            _ => Wire.V1.RotationCause.Due,
        },
        Rekeyed = report.IsRekeyed,
    };
}
