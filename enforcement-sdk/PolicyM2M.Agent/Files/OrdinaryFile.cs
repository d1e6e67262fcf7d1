using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PolicyM2M.Agent.Files;

/// <summary>
/// Reads files that end: no pipe, for whose writer the agent would wait, no device, and none that is larger than such a file can be. What a link leads to is looked at once it is open, so that it
/// cannot become something else between the look and the reading.
/// </summary>
internal static partial class OrdinaryFile
{
    /// <summary>More than a certificate with its chain, a key or a list of authorities ever has.</summary>
    public const int LargestPem = 1 << 20;

    // Linux, open(2): the numbers are those of all architectures that the agent is built for.
    private const int WithoutWaiting = 0x800, NotForChildren = 0x80000;

    private const int NoSuchFile = 2, NoSuchDevice = 6, Forbidden = 13;

    private const string IsNone = "it is no ordinary file";

    /// <summary>All of it.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that it may have.</param>
    /// <exception cref="IOException">It is not there, no ordinary file, too large, or cannot be read; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static byte[] Read(string path, int most)
    {
        using SafeFileHandle file = Open(path);
        if (Fault(FileFacts.Of(file)) is { } fault)
            throw new IOException($"{path}: {fault}");
        long length = RandomAccess.GetLength(file);
        if (length > most)
            throw new IOException($"{path}: {TooLarge(most)}");
        // One that grows meanwhile is read as far as it was: whoever writes beside it does not write it whole.
        byte[] bytes = new byte[length];
        int filled = 0;
        while (filled < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(filled), filled) is > 0 and var read)
            filled += read;
        return bytes[..filled];
    }

    /// <summary>All of it, as text.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadText(string path, int most) => System.Text.Encoding.UTF8.GetString(Read(path, most));

    /// <summary>Why what is there can be no such file; null where it can, and where nothing is there or this user may not look: whoever reads it says so.</summary>
    public static string? Fault(string path, long most) =>
        Fault(FileFacts.Of(path)) ?? (File.Exists(path) && new FileInfo(RealPathOf(path)).Length > most ? TooLarge(most) : null);

    private static string? Fault(FileFacts? facts) => facts?.Kind switch
    {
        FileKind.Folder => "it is a folder, and a file is expected",
        FileKind.Other or FileKind.Link => IsNone,
        _ => null,
    };

    private static string TooLarge(long most) => $"it has more than {most} bytes";

    private static string RealPathOf(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static SafeFileHandle Open(string path)
    {
        int opened = Open(path, WithoutWaiting | NotForChildren);
        return opened >= 0 ? new SafeFileHandle(opened, ownsHandle: true) : throw (Marshal.GetLastPInvokeError() switch
        {
            NoSuchFile => new FileNotFoundException($"{path}: it is not there"),
            NoSuchDevice => new IOException($"{path}: {IsNone}"),
            Forbidden => new UnauthorizedAccessException($"{path}: this user may not read it"),
            int other => new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(other)}"),
        });
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
