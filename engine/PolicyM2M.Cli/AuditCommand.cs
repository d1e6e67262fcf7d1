using System.Text.Json;
using System.Text.RegularExpressions;
using Google.Protobuf;
using PolicyM2M.Audit;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Audit.Verification;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary><c>m2m audit</c>: looks an audit log through, without the decision point.</summary>
internal static partial class AuditCommand
{
    private const int ShownOfOneCause = 5;

    /// <summary>More bytes than a file of keys or a checkpoint has.</summary>
    private const int LongestText = 1 << 20;

    /// <summary>With the number of the first record, and sources that are nobody's, which are zero.</summary>
    private static readonly JsonFormatter Records = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    public static int Verify(string folder, string? keyFile, string? sinceFile, bool json, Streams streams)
    {
        Demand(folder);
        IReadOnlyList<NoteKey> keys = keyFile is null ? [Key(Read(folder, () => new AuditLogReader(folder).ReadKey()), Path.Combine(folder, "key"))]
            : [.. ReadText(keyFile).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => Key(line, keyFile))];
        string? since = sinceFile is null ? null : ReadText(sinceFile);
        if (since is not null && AuditCheckpoint.Parse(since) is null)
            throw new CannotRunException($"--since: `{sinceFile}` is no checkpoint; name a copy of the file `checkpoint` of this log");
        LogVerdict verdict;
        using (var progress = new Progress(streams))
            verdict = Read(folder, () => LogVerification.Run(folder, keys, since, Claims, (done, all) => progress.Say($"record {done} of {all}")));
        if (json)
            streams.Answers.Write(Json.Write(indented: true, writer => Write(writer, verdict, keyFile is not null)) + "\n");
        else
            Write(streams, verdict, keyFile is not null);
        return verdict.IsSound ? ExitCode.Ok : ExitCode.NotAsExpected;
    }

    public static int Show(string folder, long from, int? limit, AskedDevice? device, AskedKind? kind, bool json, Streams streams)
    {
        if (from < 0 || limit < 0)
            throw new CannotRunException("--from and --limit are 0 or more");
        Demand(folder);
        var reader = new AuditLogReader(folder);
        long size = Read(folder, reader.ReadCheckpoint).Size;
        long next = from;
        bool isWhole = true;
        int shown = 0;
        foreach ((long number, ReadOnlyMemory<byte> bytes) in Entries(folder, reader.ReadEntries(from, size)).TakeWhile(_ => shown < (limit ?? int.MaxValue)))
        {
            isWhole &= number == next || IsBeginning(streams, from, next, number);
            next = number + 1;
            AuditRecord record = Record(number, bytes);
            if (kind?.Is(record) == false || device?.Is(record.Device) == false)
                continue;
            streams.Answers.Write((json ? Records.Format(record) : Printable.Of(AuditText.Of(record))) + "\n");
            shown++;
        }
        if (next < size && shown < (limit ?? int.MaxValue))
            isWhole &= IsBeginning(streams, from, next, size);
        if (shown < (limit ?? int.MaxValue) && Read(folder, () => reader.CountUnsigned(size)) is var more and > 0)
        {
            streams.Errors.Write($"{streams.ErrorColours.Warn("note")}: {DiagnosticReport.Count(more, "record")} came after the checkpoint and {(more == 1 ? "is" : "are")} not shown: "
                + $"nothing vouches for {(more == 1 ? "it" : "them")} until the decision point signs the next, or starts again\n");
        }
        if (device?.Overlooked(isFound: shown > 0) is { } overlooked)
            streams.Errors.Write($"{streams.ErrorColours.Warn("note")}: {Printable.Of(overlooked)}\n");
        return isWhole ? ExitCode.Ok : ExitCode.NotAsExpected;
    }

    /// <summary>Says which records are not there. The earliest may have been removed in order; any others may not.</summary>
    private static bool IsBeginning(Streams streams, long from, long missing, long until)
    {
        bool isBeginning = missing == from;
        string why = isBeginning ? ", as after `--audit-keep`" : "";
        streams.Errors.Write($"{streams.ErrorColours.Warn("note")}: the records {missing} to {until - 1} are not there{why}; `m2m audit verify` says whether they should be\n");
        return isBeginning;
    }

    private static IEnumerable<(long Number, ReadOnlyMemory<byte> Record)> Entries(string folder, IEnumerable<(long Number, ReadOnlyMemory<byte> Record)> entries)
    {
        using IEnumerator<(long, ReadOnlyMemory<byte>)> reading = entries.GetEnumerator();
        while (Read(folder, reading.MoveNext))
            yield return reading.Current;
    }

    private static RecordClaims Claims(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var record = AuditRecord.Parser.ParseFrom(bytes.Span);
            return new RecordClaims((long)record.Number, record.Removal is null ? null : (long)record.Removal.Before);
        }
        catch (InvalidProtocolBufferException)
        {
            return default;
        }
    }

    private static AuditRecord Record(long number, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return AuditRecord.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new CannotRunException($"the record {number} cannot be read: {fault.Message} `m2m audit verify` says whether somebody changed it", fault);
        }
    }

    private static void Write(Streams streams, LogVerdict verdict, bool isKeyKnown)
    {
        Palette colours = streams.AnswerColours;
        TextWriter writer = streams.Answers;
        // One cause may show in thousands of records, and must not hide the next.
        foreach (LogFinding[] ofOneCause in verdict.Findings.GroupBy(finding => Digits().Replace(finding.Message, "#")).Select(group => group.ToArray()))
        {
            foreach (LogFinding finding in ofOneCause.Take(ShownOfOneCause))
                writer.Write($"{colours.Bad("wrong")}: {(finding.Number is { } number ? $"record {number}: " : "")}{Printable.Of(finding.Message)}  {colours.Faint($"({Printable.Of(finding.File)})")}\n");
            if (ofOneCause.Length > ShownOfOneCause)
                writer.Write($"{colours.Bad("wrong")}: {ofOneCause.Length - ShownOfOneCause} more of this kind; --json has all of them\n");
        }
        if (verdict.Checkpoint is { } checkpoint)
        {
            string sound = verdict.IsSound ? colours.Good("sound") : colours.Bad("not sound");
            writer.Write($"{sound}: {Printable.Of(checkpoint.Origin)}, {DiagnosticReport.Count((int)Math.Min(int.MaxValue, checkpoint.Size), "record")}, root {checkpoint.Root}\n");
            if (verdict.Removed > 0)
                writer.Write($"  of the first {verdict.Removed} only the hashes are kept\n");
            if (verdict.Unsigned > 0)
                writer.Write($"  {verdict.Unsigned} more came after the checkpoint, and nothing vouches for them yet\n");
            if (!verdict.HasJournal)
                writer.Write($"{colours.Warn("note")}: there is no journal, as in a copy: what came after the checkpoint is not there. A decision point does not start without it.\n");
        }
        if (!isKeyKnown)
            writer.Write($"{colours.Warn("note")}: the key was taken from the folder of the log: who could change the log could change it too. Keep a copy elsewhere, and name it with --key.\n");
    }

    private static void Write(Utf8JsonWriter writer, LogVerdict verdict, bool isKeyKnown)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("sound", verdict.IsSound);
        writer.WriteBoolean("key-from-elsewhere", isKeyKnown);
        if (verdict.Checkpoint is { } checkpoint)
        {
            writer.WriteString("origin", checkpoint.Origin);
            writer.WriteNumber("size", checkpoint.Size);
            writer.WriteString("root", checkpoint.Root);
        }
        writer.WriteNumber("removed", verdict.Removed);
        writer.WriteNumber("unsigned", verdict.Unsigned);
        writer.WriteBoolean("journal", verdict.HasJournal);
        writer.WriteStartArray("findings");
        foreach (LogFinding finding in verdict.Findings)
        {
            writer.WriteStartObject();
            if (finding.Number is { } number)
                writer.WriteNumber("record", number);
            writer.WriteString("file", finding.File);
            writer.WriteString("message", finding.Message);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    private static void Demand(string folder)
    {
        if (!Directory.Exists(folder))
            throw new CannotRunException(File.Exists(folder) ? $"`{folder}` is a file; name the folder of the log" : $"there is no folder `{folder}`");
    }

    private static NoteKey Key(string line, string file) =>
        NoteKey.Parse(line, out string? fault) ?? throw new CannotRunException($"`{file}` holds no public key of a log: {fault}");

    private static string ReadText(string file)
    {
        if (!File.Exists(file))
            throw new CannotRunException(Directory.Exists(file) ? $"`{file}` is a folder; name a file" : $"there is no file `{file}`");
        try
        {
            return Utf8.Decode(OrdinaryFile.Read(file, LongestText), $"`{file}`");
        }
        catch (Exception fault) when (FileFault.IsOfFiles(fault))
        {
            throw new CannotRunException($"`{file}` cannot be read: {Why(fault)}", fault);
        }
    }

    private static T Read<T>(string folder, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (AuditLogException fault)
        {
            string why = fault.InnerException is { } cause and not (FileNotFoundException or DirectoryNotFoundException) && FileFault.IsOfFiles(cause) ? $": {Why(cause)}" : "";
            throw new CannotRunException(fault.Message + why, fault);
        }
        catch (FileRefusedException fault)
        {
            throw new CannotRunException($"`{fault.Path}` cannot be read: {fault.Reason}", fault);
        }
        catch (Exception fault) when (FileFault.IsOfFiles(fault))
        {
            throw new CannotRunException($"a file of the log `{folder}` cannot be read: {Why(fault)}", fault);
        }
    }

    private static string Why(Exception fault) => fault is FileRefusedException refused ? refused.Reason : FileFault.Of(fault);
}
