using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// Reads files that others write while the device runs, often behind links: what Kubernetes mounts is a link into a folder that another one takes the place of. Only such as end are read: no pipe, for
/// whose writer the device would wait, no device, and none that is larger than such a file can be. It is looked at once it is open, so that it cannot become something else between the look and the reading.
/// </summary>
internal static class BoundedFile
{
    /// <summary>More than a certificate with its chain, a key or a list of authorities ever has.</summary>
    public const int LargestPem = 1 << 20;

    private const int HashedAtOnce = 64 << 10;

    // Linux, errno(3).
    private const int NoSuchFile = 2, NoSuchDevice = 6, Forbidden = 13;

    private const string IsNone = "it is no ordinary file";

    /// <summary>All of it.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that it may have.</param>
    /// <exception cref="IOException">It is not there, no ordinary file, too large, or cannot be read; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static byte[] Read(string path, long most)
    {
        using SafeFileHandle file = Open(path, most, out long length);
        // One that grows meanwhile is read as far as it was: whoever writes beside it does not write it whole.
        byte[] bytes = new byte[length];
        int filled = 0;
        while (filled < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(filled), filled) is > 0 and var read)
            filled += read;
        return filled == bytes.Length ? bytes : bytes[..filled];
    }

    /// <summary>All of it, as text: UTF-8, or what the mark at its beginning says.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadText(string path, long most)
    {
        using var reader = new StreamReader(new MemoryStream(Read(path, most)), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>The SHA-256 of all of it, which is never in memory whole.</summary>
    /// <inheritdoc cref="Read"/>
    public static byte[] Sha256Of(string path, long most)
    {
        using SafeFileHandle file = Open(path, most, out long length);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] part = new byte[Math.Min(length, HashedAtOnce)];
        for (long hashed = 0; hashed < length && RandomAccess.Read(file, part.AsSpan(0, (int)Math.Min(part.Length, length - hashed)), hashed) is > 0 and var read; hashed += read)
            hash.AppendData(part, 0, read);
        return hash.GetHashAndReset();
    }

    /// <summary>Why what is there can be no such file; null where it can, and where nothing is there or this user may not look: whoever reads it says so.</summary>
    public static string? Fault(string path, long most = long.MaxValue) =>
        Fault(FileFacts.Of(path)) ?? (new FileInfo(RealPath.Of(path)) is { Exists: true } file && file.Length > most ? TooLarge(most) : null);

    /// <summary>What tells a file as it is from the one before: where the path leads to, its time and its length. The same wherever it is not there.</summary>
    /// <param name="path">Where it is.</param>
    public static string Stamp(string path)
    {
        try
        {
            var file = new FileInfo(RealPath.Of(path));
            return $"{file.FullName}|{file.LastWriteTimeUtc.Ticks}|{file.Length}";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    internal static string TooLarge(long most) => $"it has more than {most} bytes";

    private static string? Fault(FileFacts? facts) => facts?.Kind switch
    {
        FileKind.Folder => "it is a folder, and a file is expected",
        FileKind.Socket or FileKind.Other or FileKind.Link => IsNone,
        _ => null,
    };

    private static SafeFileHandle Open(string path, long most, out long length)
    {
        SafeFileHandle file = Open(path);
        try
        {
            if (Fault(FileFacts.Of(file)) is { } fault)
                throw new IOException($"{path}: {fault}");
            length = RandomAccess.GetLength(file);
            return length <= most ? file : throw new FileTooLargeException(path, length, most);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Open(string path)
    {
        // Elsewhere a pipe in the place of a file is rare, and what the kernel says of one is not asked.
        if (!OperatingSystem.IsLinux())
            return File.OpenHandle(path);
        return PosixFile.OpenWithoutWaiting(path, out int error) ?? throw (error switch
        {
            NoSuchFile => new FileNotFoundException($"{path}: {Missing(path)}"),
            NoSuchDevice => new IOException($"{path}: {IsNone}"),
            Forbidden => new UnauthorizedAccessException($"{path}: this user may not read it"),
            _ => new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}"),
        });
    }

    /// <summary>Whoever looks sees the link: where it leads must be told.</summary>
    private static string Missing(string path) => FileFacts.OfLink(path) is { Kind: FileKind.Link } ? $"it is a link to {RealPath.Of(path)}, which is not there" : "it is not there";
}

/// <summary>A file has more bytes than such a file can have: it is not what it is taken for.</summary>
internal sealed class FileTooLargeException(string path, long length, long most) : IOException($"{path}: {BoundedFile.TooLarge(most)}")
{
    /// <summary>How many it has.</summary>
    public long Length { get; } = length;
}
