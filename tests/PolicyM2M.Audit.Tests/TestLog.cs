using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Audit.Verification;
using PolicyM2M.Testing;

namespace PolicyM2M.Audit.Tests;

/// <summary>A log in a folder that goes with the test, whose records are their number, a mark and a text.</summary>
internal sealed class TestLog : IDisposable
{
    private const byte Plain = 0, Removal = 1;

    private readonly TemporaryFolder _folder = new();

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Path => System.IO.Path.Combine(_folder.Path, "log");

    public LogWriter Open(string? path = null, long longestJournal = 1 << 20) => LogWriter.Open(new LogFolder(path ?? Path), "pdp.test/audit", Key, longestJournal);

    public AuditLogOptions Options() => new(Path, "pdp.test/audit", Key, lost => new Entry($"{lost.Count} are missing"));

    public static byte[] Record(long number, string text = "something happened")
    {
        byte[] record = new byte[9 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt64BigEndian(record, number);
        Encoding.UTF8.GetBytes(text, record.AsSpan(9));
        return record;
    }

    /// <summary>The record that the entries before a number were removed.</summary>
    public static byte[] RemovalRecord(long number, long before)
    {
        byte[] record = Record(number, "12345678");
        record[8] = Removal;
        BinaryPrimitives.WriteInt64BigEndian(record.AsSpan(9), before);
        return record;
    }

    public static string TextOf(ReadOnlyMemory<byte> record) => Encoding.UTF8.GetString(record.Span[9..]);

    public LogVerdict Verify(string? path = null, string? since = null) => LogVerification.Run(path ?? Path, [NoteKey.Of("pdp.test/audit", Key)], since, Read);

    /// <summary>A copy of the log as it is now, as if the process had been killed.</summary>
    public string Copy(string name)
    {
        string copy = System.IO.Path.Combine(_folder.Path, name);
        foreach (string file in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
        {
            string target = System.IO.Path.Combine(copy, System.IO.Path.GetRelativePath(Path, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            if (System.IO.Path.GetFileName(file) != "lock")
                File.Copy(file, target);
        }
        return copy;
    }

    public void Dispose()
    {
        Key.Dispose();
        _folder.Dispose();
    }

    private static RecordClaims Read(ReadOnlyMemory<byte> record) => record.Length < 9 ? default : new RecordClaims(
        BinaryPrimitives.ReadInt64BigEndian(record.Span), record.Span[8] == Removal ? BinaryPrimitives.ReadInt64BigEndian(record.Span[9..]) : null);

    internal sealed class Unmakeable : AuditEntry
    {
        public override DateTimeOffset Time => DateTimeOffset.UnixEpoch;

        public override void Write(long number, IBufferWriter<byte> writer)
        {
            writer.Write("half of"u8);
            throw new FormatException("nobody can write this");
        }
    }

    internal sealed class Entry(string text) : AuditEntry
    {
        public override DateTimeOffset Time => DateTimeOffset.UnixEpoch;

        public override void Write(long number, IBufferWriter<byte> writer) => writer.Write(Record(number, text));
    }

    /// <summary>The record that the entries before a number were removed.</summary>
    internal sealed class RemovalEntry(long before) : AuditEntry
    {
        public override DateTimeOffset Time => DateTimeOffset.UnixEpoch;

        public override void Write(long number, IBufferWriter<byte> writer) => writer.Write(RemovalRecord(number, before));
    }
}
