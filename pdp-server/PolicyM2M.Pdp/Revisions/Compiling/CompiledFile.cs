using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>
/// A compiled commit as bytes, for another process or a later start: the SHA-256 of all that follows, the length of a head in four bytes, little-endian, the head as JSON, and the bundle. The head says
/// what was compiled, and by
/// which program, so that a file that stands in another's place, and one of another program, are told from the one that was looked for. It is no signature: who can write the data folder can write such a file.
/// </summary>
internal static class CompiledFile
{
    private const int HeadStart = SHA256.HashSizeInBytes + sizeof(int);

    public static byte[] Write(CompiledRevision revision, string folder)
    {
        var head = new Head(RevisionCompiler.Identity, revision.CommitId, folder, revision.Summary, [.. revision.Diagnostics.Select(Fault.Of)], revision.Bundle is not null);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(head), bundle = revision.Bundle?.ToBytes() ?? [];
        byte[] file = new byte[HeadStart + json.Length + bundle.Length];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(SHA256.HashSizeInBytes), json.Length);
        json.CopyTo(file.AsSpan(HeadStart));
        bundle.CopyTo(file.AsSpan(HeadStart + json.Length));
        SHA256.HashData(file.AsSpan(SHA256.HashSizeInBytes), file);
        return file;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is of another commit, folder or program, or it was damaged.</exception>
    public static CompiledRevision Read(ReadOnlyMemory<byte> file, string commit, string folder)
    {
        if (file.Length < HeadStart || !SHA256.HashData(file.Span[SHA256.HashSizeInBytes..]).AsSpan().SequenceEqual(file.Span[..SHA256.HashSizeInBytes]))
            throw new InvalidDataException("it was damaged");
        int end = HeadStart + BinaryPrimitives.ReadInt32LittleEndian(file.Span[SHA256.HashSizeInBytes..]);
        if (end < HeadStart || end > file.Length)
            throw new InvalidDataException("it has no head");
        Head head = HeadOf(file[HeadStart..end]);
        return (head.Program, head.Commit, head.Folder) == (RevisionCompiler.Identity, commit, folder)
            ? new CompiledRevision(head.Commit, head.Summary, [.. head.Faults.Select(fault => fault.ToDiagnostic())], head.IsGood ? Bundle.Read(file[end..]) : null)
            : throw new InvalidDataException("it is of another commit, folder or program");
    }

    private static Head HeadOf(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<Head>(json.Span) is { Faults: not null, Summary: not null } head ? head : throw new InvalidDataException("its head is incomplete");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"its head is damaged: {fault.Message}", fault);
        }
    }

    private sealed record Head(string Program, string Commit, string Folder, string Summary, Fault[] Faults, bool IsGood);

    private sealed record Fault(string Code, Severity Severity, string File, int Line, int Column, int Length, string Message, string? Help)
    {
        public static Fault Of(Diagnostic diagnostic) => new(
            diagnostic.Code, diagnostic.Severity, diagnostic.Position.File, diagnostic.Position.Line, diagnostic.Position.Column, diagnostic.Length, diagnostic.Message, diagnostic.Help);

        public Diagnostic ToDiagnostic() => new(Code, Severity, new SourcePosition(File, Line, Column), Length, Message, Help);
    }
}
