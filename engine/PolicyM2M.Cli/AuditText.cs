using System.Globalization;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>A record of an audit log on one line, for people.</summary>
internal static class AuditText
{
    private const int CommitDigits = 12;

    public static string Of(AuditRecord record)
    {
        string when = record.Time?.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "?";
        string who = record.Caller.Length > 0 ? $"  {record.Caller}" : "", about = record.Device.Length > 0 ? $"  {record.Device}" : "";
        return $"{record.Number,8}  {when}  {What(record)}{about}{who}";
    }

    private static string What(AuditRecord record) => record.EventCase switch
    {
        AuditRecord.EventOneofCase.Decisions => $"decided {string.Join(", ", record.Decisions.Decisions.Select(Verdict))} by {Short(record.Decisions.Revision)}",
        AuditRecord.EventOneofCase.Denial => $"denied {record.Denial.Rpc}: {record.Denial.Reason}",
        AuditRecord.EventOneofCase.Revision => $"revision {Short(record.Revision.Revision)} {record.Revision.Became}{(record.Revision.Reason.Length > 0 ? $": {record.Revision.Reason}" : "")}",
        AuditRecord.EventOneofCase.DeviceChange => $"registry: {record.DeviceChange.Verb}{(record.DeviceChange.Detail.Length > 0 ? $", {record.DeviceChange.Detail}" : "")}",
        AuditRecord.EventOneofCase.Operation => $"asked {record.Operation.Rpc}: {record.Operation.Detail}",
        AuditRecord.EventOneofCase.Start => $"the log is kept from here: {record.Start.Mode}{(record.Start.Cut > 0 ? $"; {record.Start.Cut} bytes of no whole record stood here" : "")}",
        AuditRecord.EventOneofCase.Loss => $"{record.Loss.Count} records are missing, from {record.Loss.From} until {record.Loss.Until}",
        AuditRecord.EventOneofCase.Removal => $"the entries before {record.Removal.Before} were removed",
        _ => "something that this m2m does not know",
    };

    private static string Verdict(AuditedDecision made) => $"{WireMapping.FromWire(made.Kind).Name()} {(made.Denied ? "deny" : "allow")}";

    private static string Short(Revision? revision) => revision is null ? "?" : revision.CommitId.Length > CommitDigits ? revision.CommitId[..CommitDigits] : revision.CommitId;
}
