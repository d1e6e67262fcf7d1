using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>What the kernel says of a file (statx(2), whose answer has one layout on all architectures) that the platform does not: what it is, and whose. Only Linux is asked.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Owner">The user whose it is.</param>
internal readonly partial record struct FileFacts(FileKind Kind, uint Owner)
{
    private const int AnswerBytes = 256, OwnerAt = 20, ModeAt = 28;

    private const int KindMask = 0xF000, Ordinary = 0x8000, Folder = 0x4000, Link = 0xA000, Socket = 0xC000;

    private const int CurrentFolder = -100, OfTheLink = 0x100, OfTheHandle = 0x1000;

    private const uint BasicFacts = 0x7FF;

    /// <summary>What a path leads to; null where it leads nowhere, or where this user may not look.</summary>
    public static FileFacts? Of(string path) => Ask(CurrentFolder, path, 0);

    /// <summary>The same, of a link itself and not of what it leads to.</summary>
    public static FileFacts? OfLink(string path) => Ask(CurrentFolder, path, OfTheLink);

    /// <summary>What was opened, whatever its path leads to by now.</summary>
    public static FileFacts? Of(SafeFileHandle opened) => Ask((int)opened.DangerousGetHandle(), "", OfTheHandle);

    private static FileFacts? Ask(int folder, string path, int flags)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> answer = stackalloc byte[AnswerBytes];
        if (Statx(folder, path, flags, BasicFacts, ref MemoryMarshal.GetReference(answer)) != 0)
            return null;
        FileKind kind = (MemoryMarshal.Read<ushort>(answer[ModeAt..]) & KindMask) switch
        {
            Ordinary => FileKind.Ordinary,
            Folder => FileKind.Folder,
            Link => FileKind.Link,
            Socket => FileKind.Socket,
            _ => FileKind.Other,
        };
        return new FileFacts(kind, MemoryMarshal.Read<uint>(answer[OwnerAt..]));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte answer);
}

/// <summary>What a file is.</summary>
internal enum FileKind
{
    /// <summary>One that holds bytes and ends.</summary>
    Ordinary,

    Folder,

    Link,

    /// <summary>Where somebody may take connections.</summary>
    Socket,

    /// <summary>A pipe or a device: who reads one waits for whoever writes, or never comes to an end.</summary>
    Other,
}
