using System.Globalization;
using Google.Protobuf;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Auditing.Export;

/// <summary>
/// Audit records as a request of OTLP (opentelemetry-proto, <c>collector/logs/v1/logs_service.proto</c> and <c>logs/v1/logs.proto</c>). Written field by field, since what the SDK offers for logs neither takes a
/// time of its own nor says whether a collector took them.
/// </summary>
internal static class OtlpLogs
{
    public const string Service = "opentelemetry.proto.collector.logs.v1.LogsService", Rpc = "Export";

    /// <summary>What names of events and attributes begin with.</summary>
    private const string Prefix = "policym2m.audit.";

    /// <summary>SEVERITY_NUMBER_INFO: a record says what happened, and not that something is wrong.</summary>
    private const int Info = 9;

    /// <summary>Most messages are an attribute; what is longer than this goes through in several parts.</summary>
    private const int BufferSize = 256;

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default);

    private static readonly string Version = typeof(OtlpLogs).Assembly.GetName().Version?.ToString() ?? "";

    /// <summary>A record as requests hold it.</summary>
    /// <param name="log">The name of the log, which is that of its checkpoints.</param>
    /// <param name="record">The record.</param>
    public static byte[] Written(string log, AuditRecord record) => Message(output => Record(output, log, record));

    /// <summary>The request that sends these records, in their order.</summary>
    /// <param name="records">What <see cref="Written"/> made of them.</param>
    public static byte[] Request(IEnumerable<byte[]> records) => Message(request => Nested(request, 1, resourceLogs =>
    {
        Nested(resourceLogs, 1, resource =>
        {
            Attribute(resource, 1, "service.name", "policym2m-pdp");
            Attribute(resource, 1, "service.version", Version);
        });
        Nested(resourceLogs, 2, scopeLogs =>
        {
            Nested(scopeLogs, 1, scope => Text(scope, 1, "policym2m.audit"));
            foreach (byte[] record in records)
            {
                scopeLogs.WriteTag(2, WireFormat.WireType.LengthDelimited);
                scopeLogs.WriteBytes(UnsafeByteOperations.UnsafeWrap(record));
            }
        });
    }));

    /// <summary>How many records a collector did not take, and why: the partial success of an answer.</summary>
    public static (long Rejected, string Reason) Rejected(byte[] response)
    {
        (long rejected, string reason) = (0, "");
        var input = new CodedInputStream(response);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) != 1)
            {
                input.SkipLastField();
                continue;
            }
            CodedInputStream partial = input.ReadBytes().CreateCodedInput();
            while (partial.ReadTag() is var field and not 0)
            {
                if (WireFormat.GetTagFieldNumber(field) == 1)
                    rejected = partial.ReadInt64();
                else if (WireFormat.GetTagFieldNumber(field) == 2)
                    reason = partial.ReadString();
                else
                    partial.SkipLastField();
            }
        }
        return (rejected, reason);
    }

    private static void Record(CodedOutputStream output, string log, AuditRecord record)
    {
        ulong nanoseconds = (ulong)record.Time.Seconds * 1_000_000_000 + (ulong)record.Time.Nanos;
        output.WriteTag(1, WireFormat.WireType.Fixed64);
        output.WriteFixed64(nanoseconds);
        output.WriteTag(2, WireFormat.WireType.Varint);
        output.WriteInt32(Info);
        Nested(output, 5, body => Text(body, 1, Json.Format(record)));
        Attribute(output, 6, $"{Prefix}log", log);
        Attribute(output, 6, $"{Prefix}number", record.Number.ToString(CultureInfo.InvariantCulture));
        Attribute(output, 6, $"{Prefix}caller", record.Caller);
        Attribute(output, 6, $"{Prefix}device", record.Device);
        Attribute(output, 6, $"{Prefix}commit", (record.Decisions?.Revision ?? record.Revision?.Revision)?.CommitId ?? "");
        Attribute(output, 6, $"{Prefix}denied", string.Join(',', record.Decisions?.Decisions.Where(made => made.Denied).Select(made => WireMapping.FromWire(made.Kind).Name()) ?? []));
        output.WriteTag(11, WireFormat.WireType.Fixed64);
        output.WriteFixed64(nanoseconds);
        Text(output, 12, Prefix + EventOf(record));
    }

    private static string EventOf(AuditRecord record) => record.EventCase switch
    {
        AuditRecord.EventOneofCase.Decisions => "decisions",
        AuditRecord.EventOneofCase.Denial => "denial",
        AuditRecord.EventOneofCase.Revision => "revision",
        AuditRecord.EventOneofCase.DeviceChange => "device-change",
        AuditRecord.EventOneofCase.Operation => "operation",
        AuditRecord.EventOneofCase.Start => "start",
        AuditRecord.EventOneofCase.Loss => "loss",
        AuditRecord.EventOneofCase.Removal => "removal",
        AuditRecord.EventOneofCase.Rotation => "rotation",
        AuditRecord.EventOneofCase.Bundle => "bundle",
        AuditRecord.EventOneofCase.Overload => "overload",
        AuditRecord.EventOneofCase.Read => "read",
        _ => "other",
    };

    /// <summary>A <c>KeyValue</c> with a text, where there is one.</summary>
    private static void Attribute(CodedOutputStream output, int field, string name, string value)
    {
        if (value.Length == 0)
            return;
        Nested(output, field, pair =>
        {
            Text(pair, 1, name);
            Nested(pair, 2, any => Text(any, 1, value));
        });
    }

    private static void Text(CodedOutputStream output, int field, string text)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(text);
    }

    private static void Nested(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(Message(write)));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, BufferSize, leaveOpen: true))
            write(output);
        return bytes.ToArray();
    }
}
