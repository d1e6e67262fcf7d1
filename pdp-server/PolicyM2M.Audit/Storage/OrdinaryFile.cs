using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Reads files that end: no pipe, for whose writer the reader would wait, no device, and none that is larger than such a file can be. A link is followed, and what it leads to is looked at once it is open,
/// so that it cannot become something else between the look and the reading: files that others write while a server runs are mostly behind links, as what Kubernetes mounts is. Elsewhere than on Linux what has no
/// length is not opened, and counts as empty.
/// </summary>
internal static partial class OrdinaryFile
{
    // Linux, open(2) and statx(2): these numbers are those of x64 and of arm64.
    private const int WithoutWaiting = 0x800, NotForChildren = 0x80000;
    private const int OfTheHandle = 0x1000, ModeAt = 28, AnswerBytes = 256;
    private const uint BasicFacts = 0x7FF;
    private const int KindMask = 0xF000, Ordinary = 0x8000, Folder = 0x4000;
    private const int NotAllowed = 1, NoSuchFile = 2, NoSuchDevice = 6, Forbidden = 13, NoFolder = 20;

    private const string IsNone = "it is no ordinary file";

    /// <summary>All bytes of a file. Of one that grows meanwhile, those that it had at first.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that such a file has.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="FileRefusedException">It is no ordinary file, or has more bytes.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] Read(string path, long most)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!OperatingSystem.IsLinux())
            return ReadElsewhere(path, most);
        using SafeFileHandle file = Open(path);
        if (KindOf(file) is var kind && kind != Ordinary)
            throw new FileRefusedException(path, kind == Folder ? "it is a folder, and a file is expected" : IsNone);
        long length = RandomAccess.GetLength(file);
        if (length > most)
            throw TooLarge(path, most);
        byte[] bytes = new byte[length];
        int filled = 0;
        while (filled < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(filled), filled) is > 0 and var read)
            filled += read;
        return filled == bytes.Length ? bytes : bytes[..filled];
    }

    /// <summary>The same as text in UTF-8.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadText(string path, long most) => Encoding.UTF8.GetString(Read(path, most));

    /// <summary>The same; null where there is no such file. Something else in its place, as a folder, is not nothing.</summary>
    /// <inheritdoc cref="Read"/>
    public static byte[]? Find(string path, long most)
    {
        try
        {
            return Read(path, most);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The same as text in UTF-8; null where there is no such file.</summary>
    /// <inheritdoc cref="Read"/>
    public static string? FindText(string path, long most) => Find(path, most) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>What tells a file as it is from the one before; the same wherever it cannot be read.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that such a file has.</param>
    public static string Stamp(string path, long most)
    {
        try
        {
            return $"{path}|{Convert.ToHexStringLower(SHA256.HashData(Read(path, most)))}";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"{path}|{(File.Exists(path) ? "unreadable" : "missing")}";
        }
    }

    private static byte[] ReadElsewhere(string path, long most)
    {
        var file = new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
        return file.Length > most ? throw TooLarge(path, most) : file.Length == 0 ? [] : File.ReadAllBytes(file.FullName);
    }

    private static FileRefusedException TooLarge(string path, long most) => new(path, $"it has more than {most} bytes");

    private static SafeFileHandle Open(string path)
    {
        int opened = Open(path, WithoutWaiting | NotForChildren);
        return opened >= 0 ? new SafeFileHandle(opened, ownsHandle: true) : throw (Marshal.GetLastPInvokeError() switch
        {
            NoSuchFile or NoFolder => new FileNotFoundException($"{path}: it is not there", path),
            NoSuchDevice => new FileRefusedException(path, IsNone),
            Forbidden or NotAllowed => new UnauthorizedAccessException($"{path}: permission is denied"),
            int other => new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(other)}", other),
        });
    }

    private static int KindOf(SafeFileHandle opened)
    {
        Span<byte> answer = stackalloc byte[AnswerBytes];
        int failed = Statx((int)opened.DangerousGetHandle(), "", OfTheHandle, BasicFacts, ref MemoryMarshal.GetReference(answer));
        return failed == 0 ? MemoryMarshal.Read<ushort>(answer[ModeAt..]) & KindMask : 0;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte answer);
}

/// <summary>A file that is not read for what it is: a pipe, a device or a folder, or one that is too large.</summary>
internal sealed class FileRefusedException : IOException
{
    /// <summary>Says which file, and why it is not read.</summary>
    public FileRefusedException(string path, string reason)
        : base($"{path}: {reason}") => (Path, Reason) = (path, reason);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Why, without the file's name.</summary>
    public string Reason { get; }
}
