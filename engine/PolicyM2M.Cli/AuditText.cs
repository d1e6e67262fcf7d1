using System.Globalization;
using Google.Protobuf;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>A record of an audit log on one line, for people.</summary>
internal static class AuditText
{
    private const int CommitDigits = 12, FingerprintBytes = 6;

    public static string Of(AuditRecord record)
    {
        string when = record.Time?.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "?";
        string who = record.Caller.Length > 0 ? $"  {record.Caller}" : "", about = record.Device.Length > 0 ? $"  {record.Device}" : "";
        return $"{record.Number,8}  {when}  {What(record)}{about}{who}";
    }

    private static string What(AuditRecord record) => record.EventCase switch
    {
        AuditRecord.EventOneofCase.Decisions => Decided(record.Decisions),
        AuditRecord.EventOneofCase.Denial => $"denied {record.Denial.Rpc}: {record.Denial.Reason}{Again(record.Denial.Again)}",
        AuditRecord.EventOneofCase.Revision => $"revision {Short(record.Revision.Revision)} {record.Revision.Became}{(record.Revision.Reason.Length > 0 ? $": {record.Revision.Reason}" : "")}",
        AuditRecord.EventOneofCase.DeviceChange => Changed(record.DeviceChange),
        AuditRecord.EventOneofCase.Operation => Asked(record.Operation),
        AuditRecord.EventOneofCase.Start => Started(record.Start),
        AuditRecord.EventOneofCase.Loss => $"{DiagnosticReport.Count((long)record.Loss.Count, "record")} {(record.Loss.Count == 1 ? "is" : "are")} missing, from {record.Loss.From} until {record.Loss.Until}",
        AuditRecord.EventOneofCase.Rotation => Rotated(record.Rotation),
        AuditRecord.EventOneofCase.Bundle => $"handed out the bundle of {Short(record.Bundle.Revision)}, from byte {record.Bundle.Offset}",
        AuditRecord.EventOneofCase.Overload => $"turned {record.Overload.Times} away within a minute: {record.Overload.Reason}",
        AuditRecord.EventOneofCase.Read => $"read {record.Read.Rpc}{(record.Read.Filter.Length > 0 ? $" of {record.Read.Filter}" : "")}{Again(record.Read.Again)}",
        AuditRecord.EventOneofCase.Removal => $"the entries before {record.Removal.Before} were removed",
        _ => "something that this m2m does not know",
    };

    private static string Decided(AuditDecisions made) =>
        $"decided {string.Join(", ", made.Decisions.Select(Verdict))} by {Short(made.Revision)}{(made.RegistryUnavailable ? ", without the registry" : "")}";

    private static string Again(ulong times) => times > 0 ? $" ({DiagnosticReport.Count((long)times, "time")} more within a minute)" : "";

    private static string Changed(AuditDeviceChange change)
    {
        bool isAsBefore = !change.BeforeDigest.IsEmpty && change.BeforeDigest == change.AfterDigest;
        string came = change.NotDone.Length > 0 ? $", not done: {change.NotDone}" : isAsBefore ? ", which changed nothing" : "";
        return $"registry: {change.Verb}{(change.Detail.Length > 0 ? $", {change.Detail}" : "")}{came}{File(change.FileSha256)}{Because(change.Reason)}";
    }

    private static string Asked(AuditOperation asked)
    {
        string of = asked.CommitId.Length > 0 ? $" of {Short(asked.CommitId)}" : "", active = asked.ExpectedActive.Length > 0 ? $" while {Short(asked.ExpectedActive)} is active" : "";
        return $"asked {asked.Rpc}{of}{active}: {asked.Detail}{Because(asked.Reason)}";
    }

    private static string Started(AuditStart start) => $"the log is kept from here: {start.Mode}"
        + (start.Cut > 0 ? $"; {DiagnosticReport.Count((long)start.Cut, "byte")} of no whole record stood here" : "")
        + (start.Unsigned > 0 ? $"; no checkpoint covered the end before, {DiagnosticReport.Count((long)start.Unsigned, "record")}" : "")
        + string.Concat(start.Mended.Select(mended => $"; {mended}"));

    private static string File(ByteString sha256) => sha256.IsEmpty ? "" : $", of the file {Convert.ToHexStringLower(sha256.Span)}";

    private static string Because(string reason) => reason.Length > 0 ? $", because: {reason}" : "";

    private static string Verdict(AuditedDecision made) => $"{WireMapping.FromWire(made.Kind).Name()} {(made.Denied ? "deny" : "allow")}";

    private static string Rotated(AuditRotation said)
    {
        CredentialRotation rotation = said.Rotation ?? new CredentialRotation();
        string cause = rotation.Cause switch
        {
            RotationCause.Due => "due",
            RotationCause.KeyDue => "its key was due",
            RotationCause.Ordered => "ordered",
            _ => "nobody says why",
        };
        string key = rotation.Rekeyed ? "with a new key" : "with the same key";
        string proof = said.CallerCertificateSha256 == rotation.SuccessorSha256 ? ", said with the successor" : "";
        return $"rotated {Short(rotation.PredecessorSha256)} to {Short(rotation.SuccessorSha256)} {key}, {cause}, valid until {rotation.SuccessorNotAfter?.ToDateTimeOffset():u}{proof}";
    }

    private static string Short(ByteString sha256) => Convert.ToHexStringLower(sha256.Span[..Math.Min(FingerprintBytes, sha256.Length)]);

    private static string Short(Revision? revision) => revision is null ? "?" : Short(revision.CommitId);

    private static string Short(string commit) => commit.Length > CommitDigits ? commit[..CommitDigits] : commit;
}
