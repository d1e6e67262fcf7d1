using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Lineage: what devices and gateways say of rotations, and what is kept of it.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class RotationReportTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private RunningPdp _pdp = null!;

    [OneTimeSetUp]
    public async Task Start() => _pdp = await RunningPdp.StartAsync(change: options => options with { Audit = new AuditOptions { Durability = AuditDurability.Durable } });

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task A_report_is_a_record_and_says_whether_it_was_said_with_the_successor()
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(_pdp.Data.Certificate("device"));
        CredentialRotation rotation = Rotation();
        rotation.SuccessorSha256 = ByteString.CopyFrom(SHA256.HashData(certificate.RawData));
        await _pdp.DecisionsAs("device").ReportRotationAsync(new ReportRotationRequest { Rotation = rotation });

        AuditRecord record = await LastAsync();
        Assert.That((record.Device, record.Caller, record.Rotation.Rotation), Is.EqualTo(("plc-0042", "spiffe://dev.policym2m.example/device/plc-0042", rotation)));
        Assert.That(record.Rotation.CallerCertificateSha256, Is.EqualTo(rotation.SuccessorSha256));
        Assert.That(M2MProcess.Run("audit", "show", _pdp.Data.Audit).Output, Does.Match(
            $"rotated 010101010101 to {Convert.ToHexStringLower(rotation.SuccessorSha256.Span[..6])} with a new key, due, valid until [0-9-]+ [0-9:]+Z, said with the successor  plc-0042"));
    }

    [Test]
    public async Task A_gateway_reports_for_the_devices_of_its_site_and_for_no_others_and_nobody_for_another()
    {
        await _pdp.DecisionsAs("gateway").ReportRotationAsync(new ReportRotationRequest { DeviceId = "plc-0042", Rotation = Rotation() });
        AuditRecord record = await LastAsync();
        Assert.That((record.Device, record.Rotation.CallerCertificateSha256 == record.Rotation.Rotation.SuccessorSha256), Is.EqualTo(("plc-0042", false)));
        Assert.That(await StatusAsync("device", new ReportRotationRequest { DeviceId = "sensor-1", Rotation = Rotation() }), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await StatusAsync("gateway", new ReportRotationRequest { DeviceId = "plc-0099", Rotation = Rotation() }), Is.EqualTo(StatusCode.PermissionDenied));
    }

    [TestCase("there is no rotation")]
    [TestCase("predecessor_sha256 is a SHA-256 and has 32 bytes")]
    [TestCase("successor_sha256 is a SHA-256 and has 32 bytes")]
    [TestCase("a credential does not come after itself")]
    [TestCase("successor_not_before is missing")]
    [TestCase("successor_not_after is missing")]
    [TestCase("rotated_at is missing")]
    [TestCase("rotated_at is no moment between the years 1 and 9999")]
    [TestCase("the successor ends before it begins")]
    [TestCase("rotated_at lies more than 1 day ahead")]
    [TestCase("there is no cause 0 of a rotation")]
    [TestCase("there is no cause 99 of a rotation")]
    public async Task What_is_incomplete_or_impossible_is_refused_with_the_reason(string reason)
    {
        CredentialRotation? rotation = Rotation();
        switch (reason)
        {
            case "there is no rotation": rotation = null; break;
            case var _ when reason.StartsWith("predecessor_sha256", StringComparison.Ordinal): rotation.PredecessorSha256 = ByteString.CopyFrom(new byte[31]); break;
            case var _ when reason.StartsWith("successor_sha256", StringComparison.Ordinal): rotation.SuccessorSha256 = ByteString.Empty; break;
            case "a credential does not come after itself": rotation.SuccessorSha256 = rotation.PredecessorSha256; break;
            case "successor_not_before is missing": rotation.SuccessorNotBefore = null; break;
            case "successor_not_after is missing": rotation.SuccessorNotAfter = null; break;
            case "rotated_at is missing": rotation.RotatedAt = null; break;
            case "rotated_at is no moment between the years 1 and 9999": rotation.RotatedAt = new Timestamp { Seconds = long.MaxValue }; break;
            case "the successor ends before it begins": rotation.SuccessorNotAfter = rotation.SuccessorNotBefore; break;
            case "rotated_at lies more than 1 day ahead": rotation.RotatedAt = Now.AddDays(1.1).ToTimestamp(); break;
            case "there is no cause 0 of a rotation": rotation.Cause = RotationCause.Unspecified; break;
            default: rotation.Cause = (RotationCause)99; break;
        }
        RpcException refusal = (await Assert.ThrowsAsync<RpcException>(async () => await _pdp.DecisionsAs("device").ReportRotationAsync(new ReportRotationRequest { Rotation = rotation })))!;
        Assert.That((refusal.StatusCode, refusal.Status.Detail), Is.EqualTo((StatusCode.InvalidArgument, reason)));
    }

    [Test]
    public async Task A_device_id_that_is_no_segment_is_refused() =>
        Assert.That(await StatusAsync("device", new ReportRotationRequest { DeviceId = "../plc", Rotation = Rotation() }), Is.EqualTo(StatusCode.InvalidArgument));

    [Test]
    public async Task What_a_caller_sends_beside_a_report_is_not_recorded_and_cannot_stop_the_log()
    {
        using var bytes = new MemoryStream();
        using (var more = new CodedOutputStream(bytes, leaveOpen: true))
        {
            Rotation().WriteTo(more);
            more.WriteTag(1_000, WireFormat.WireType.LengthDelimited);
            more.WriteBytes(ByteString.CopyFrom(new byte[70_000]));
        }
        CredentialRotation rotation = CredentialRotation.Parser.ParseFrom(bytes.ToArray());
        await _pdp.DecisionsAs("device").ReportRotationAsync(new ReportRotationRequest { Rotation = rotation });

        AuditRecord record = await LastAsync();
        Assert.That(record.Rotation.Rotation.SuccessorSha256, Is.EqualTo(rotation.SuccessorSha256));
        Assert.That(record.CalculateSize(), Is.LessThan(1_000));
        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        Assert.That((await LastAsync()).Decisions, Is.Not.Null);
    }

    private async Task<StatusCode> StatusAsync(string caller, ReportRotationRequest request) =>
        (await Assert.ThrowsAsync<RpcException>(async () => await _pdp.DecisionsAs(caller).ReportRotationAsync(request)))!.StatusCode;

    private async Task<AuditRecord> LastAsync()
    {
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Trail.Log!.State), state => state.Published == state.Size && state.Waiting == 0);
        var reader = new AuditLogReader(_pdp.Data.Audit);
        return AuditRecord.Parser.ParseFrom(reader.ReadEntries(0, reader.ReadCheckpoint().Size).Last().Record.Span);
    }

    /// <summary>One that nothing is wrong with.</summary>
    internal static CredentialRotation Rotation() => new()
    {
        PredecessorSha256 = ByteString.CopyFrom([.. Enumerable.Repeat((byte)1, 32)]),
        SuccessorSha256 = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)),
        SuccessorNotBefore = Now.AddHours(-1).ToTimestamp(),
        SuccessorNotAfter = Now.AddDays(30).ToTimestamp(),
        RotatedAt = Now.ToTimestamp(),
        Cause = RotationCause.Due,
        Rekeyed = true,
    };
}
