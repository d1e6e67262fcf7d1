using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>What devices tell of their credentials. It decides nothing: it is recorded, so that auditors can follow a credential back to the first.</summary>
internal sealed partial class DecisionEndpoint
{
    /// <summary>A record holds what it is for: what else a caller sends with it would be kept for years, and could be longer than a record may be.</summary>
    private static readonly MessageParser<CredentialRotation> Known = CredentialRotation.Parser.WithDiscardUnknownFields(true);

    public override async Task<ReportRotationResponse> ReportRotation(ReportRotationRequest request, ServerCallContext context)
    {
        RotationLimits.Check(request, clock.GetUtcNow());
        audit.Demand();
        HttpContext call = context.GetHttpContext();
        string device = Subject(request.DeviceId, registry.Current, context);
        ReadOnlyMemory<byte> certificate = call.Connection.ClientCertificate?.RawDataMemory ?? default;
        var rotation = new AuditRotation { Rotation = Known.ParseFrom(request.Rotation.ToByteString()), CallerCertificateSha256 = ByteString.CopyFrom(SHA256.HashData(certificate.Span)) };
        await audit.DoneAsync(call.Caller(), device, record => record.Rotation = rotation, context.CancellationToken);
        return new ReportRotationResponse();
    }
}
